/* The system's own dialogs: they need no permission, and show the app nothing but what was chosen. */
package org.mobileactnet.app.phone

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.net.Uri
import android.os.Build
import android.provider.Settings
import android.widget.Toast
import org.mobileactnet.app.Words

internal const val PICK_PHOTO = 1
internal const val ADD_PHOTOS = 2
internal const val EXPORT_REPORT = 3
internal const val OPEN_SETTINGS = 4

// Names of Android 13, which this compiler's Android does not have.
private const val PHOTO_PICKER = "android.provider.action.PICK_IMAGES"
private const val PHOTO_PICKER_MAX = "android.provider.extra.PICK_IMAGES_MAX"
private const val ANDROID_13 = 33
private const val MOST_PHOTOS = 100

/** The photo picker; before Android 13 the document picker. */
internal fun photoPicker(several: Boolean): Intent {
    if (Build.VERSION.SDK_INT >= ANDROID_13) {
        val intent = Intent(PHOTO_PICKER).setType("image/*")
        return if (several) intent.putExtra(PHOTO_PICKER_MAX, MOST_PHOTOS) else intent
    }
    return Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/*")
        .putExtra(Intent.EXTRA_ALLOW_MULTIPLE, several)
}

/** The dialog that asks where a report is to be saved. */
internal fun reportPlace(): Intent = Intent(Intent.ACTION_CREATE_DOCUMENT)
    .addCategory(Intent.CATEGORY_OPENABLE).setType("application/json")
    .putExtra(Intent.EXTRA_TITLE, "mobile-actnet-benchmark.json")

/** The system's page of an app, where permissions are given. */
internal fun systemSettings(packageName: String): Intent =
    Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", packageName, null))

/** Opens one of the system's dialogs, or says that this phone has none. */
internal fun Activity.start(intent: Intent, request: Int) = orSay { startActivityForResult(intent, request) }

/** Hands something to another app, or says that this phone has none for it. */
internal fun Activity.open(intent: Intent) = orSay { startActivity(intent) }

private fun Activity.orSay(start: () -> Unit) = try {
    start()
} catch (error: ActivityNotFoundException) {
    Toast.makeText(this, wordsOf(this)("no_app"), Toast.LENGTH_LONG).show()
}

/** The texts of the app's resources, in the phone's language or else in English. */
internal fun wordsOf(context: Context): Words {
    val resources = context.resources
    val cache = HashMap<String, String?>()
    return Words { key ->
        cache.getOrPut(key) { identifier(context, key, "string").takeIf { it != 0 }?.let(resources::getString) }
    }
}
