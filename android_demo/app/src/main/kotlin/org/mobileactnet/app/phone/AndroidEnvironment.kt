package org.mobileactnet.app.phone

import android.app.ActivityManager
import android.content.Context
import android.os.Build
import android.os.PowerManager
import java.io.File
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import org.mobileactnet.Heat
import org.mobileactnet.Phone
import org.mobileactnet.RgbPicture
import org.mobileactnet.android.AndroidPlatform
import org.mobileactnet.app.Environment
import org.mobileactnet.heatOf

/** The phone as the demo sees it. */
class AndroidEnvironment(private val context: Context) :
    AndroidPlatform(context),
    Environment {
    override val phone: Phone = describePhone(context)

    override fun decode(photo: File): RgbPicture = decodePhoto(photo)

    override fun jpeg(picture: RgbPicture, sidePx: Int): ByteArray = jpegOf(picture, sidePx)

    override fun heat(): Heat = heatOf(thermalStatus(context.getSystemService(PowerManager::class.java)))

    @Suppress("DEPRECATION") // The list of languages is newer than this compiler's Android.
    override fun language(): String = context.resources.configuration.locale.language

    override fun now(): String = SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT)
        .apply { timeZone = TimeZone.getTimeZone("UTC") }.format(Date())

    override fun worker(name: String): Executor = Executors.newSingleThreadExecutor { Thread(it, name) }
}

/** 0 where the phone does not tell: before Android 10, whose call this compiler's Android lacks. */
private fun thermalStatus(power: PowerManager): Int = try {
    PowerManager::class.java.getMethod("getCurrentThermalStatus").invoke(power) as Int
} catch (error: ReflectiveOperationException) {
    0
}

private fun describePhone(context: Context): Phone {
    val memory = ActivityManager.MemoryInfo()
    context.getSystemService(ActivityManager::class.java).getMemoryInfo(memory)
    return Phone(
        name = "${Build.MANUFACTURER} ${Build.MODEL}, ${Build.HARDWARE}",
        architecture = Build.SUPPORTED_ABIS.first(),
        system = "Android ${Build.VERSION.RELEASE}",
        cores = Runtime.getRuntime().availableProcessors(),
        memoryBytes = memory.totalMem,
        appVersion = context.packageManager.getPackageInfo(context.packageName, 0).versionName.orEmpty()
    )
}
