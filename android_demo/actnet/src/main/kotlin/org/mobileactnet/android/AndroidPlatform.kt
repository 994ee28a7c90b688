/* The phone and its pictures, as recognising sees them. */
package org.mobileactnet.android

import android.content.Context
import android.content.res.AssetManager
import android.graphics.Bitmap
import android.os.SystemClock
import java.io.File
import java.io.InputStream
import org.mobileactnet.AssetSource
import org.mobileactnet.FeatureEngine
import org.mobileactnet.Manifest
import org.mobileactnet.ModelChoice
import org.mobileactnet.Platform
import org.mobileactnet.RgbPicture
import org.mobileactnet.SettingsStore
import org.mobileactnet.engine.LiteRtModel
import org.mobileactnet.engine.NativeFeatures
import org.mobileactnet.overWhite
import org.mobileactnet.readCodes

private const val NAME = "actnet"

/** A phone whose app has what `make android-assets` makes among its assets, in the folder `actnet`. */
open class AndroidPlatform(context: Context) : Platform {
    override val assets: AssetSource = Assets(context.assets)
    override val folder: File = context.noBackupFilesDir
    override val settings: SettingsStore = Preferences(context)

    override fun openDatabase(file: File) = AndroidDatabase(file)

    override fun openModel(artefact: File, manifest: Manifest, choice: ModelChoice) =
        LiteRtModel.open(artefact, manifest, choice) {
            System.loadLibrary("LiteRt")
            System.loadLibrary("actnet_jni")
        }

    override fun openFeatures(): FeatureEngine = NativeFeatures(readCodes(assets))

    override fun clockNs(): Long = SystemClock.elapsedRealtimeNanos()
}

/** The pixels of an upright bitmap, over white where it is transparent. */
fun pictureOf(bitmap: Bitmap): RgbPicture {
    val argb = IntArray(bitmap.width * bitmap.height)
    bitmap.getPixels(argb, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
    return overWhite(argb, bitmap.width, bitmap.height)
}

private class Preferences(context: Context) : SettingsStore {
    private val preferences = context.getSharedPreferences(NAME, Context.MODE_PRIVATE)

    override fun read(key: String): String? = preferences.getString(key, null)

    override fun write(key: String, value: String) {
        preferences.edit().putString(key, value).commit()
    }
}

private class Assets(private val manager: AssetManager) : AssetSource {
    override fun open(name: String): InputStream = manager.open("$NAME/$name")
}
