/* The phone and its pictures, as recognising sees them. */
package org.mobileactnet.android

import android.content.Context
import android.content.res.AssetManager
import android.graphics.Bitmap
import android.os.SystemClock
import java.io.File
import java.io.InputStream
import org.mobileactnet.Platform
import org.mobileactnet.core.AssetSource
import org.mobileactnet.core.FeatureEngine
import org.mobileactnet.core.Manifest
import org.mobileactnet.core.ModelChoice
import org.mobileactnet.core.RgbPicture
import org.mobileactnet.core.overWhite
import org.mobileactnet.core.readCodes
import org.mobileactnet.engine.LiteRtModel
import org.mobileactnet.engine.NativeFeatures

private const val ASSETS = "actnet"

/** A phone whose app has what `make android-assets` makes among its assets, in the folder `actnet`. */
open class AndroidPlatform(context: Context) : Platform {
    override val assets: AssetSource = Assets(context.assets)
    override val folder: File = context.noBackupFilesDir

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

private class Assets(private val manager: AssetManager) : AssetSource {
    override fun open(name: String): InputStream = manager.open("$ASSETS/$name")
}
