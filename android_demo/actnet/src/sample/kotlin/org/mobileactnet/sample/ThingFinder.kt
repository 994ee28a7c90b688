/* A whole use of the library: what an app of one's own needs to name what a photo shows. */
package org.mobileactnet.sample

import android.content.Context
import android.graphics.Bitmap
import java.io.Closeable
import java.util.Locale
import org.mobileactnet.Platform
import org.mobileactnet.Recogniser
import org.mobileactnet.RgbPicture
import org.mobileactnet.Sighting
import org.mobileactnet.android.AndroidPlatform
import org.mobileactnet.android.pictureOf

/** Names what a photo shows; make it, and call it, away from the main thread. */
class ThingFinder(platform: Platform) : Closeable {
    private val recogniser = Recogniser.open(platform)

    constructor(context: Context) : this(AndroidPlatform(context))

    /** One name where it is sure, up to three to ask about where it is not, none for an empty gallery. */
    fun names(photo: RgbPicture, language: String): List<String> {
        val answers = recogniser.recognise(photo)
        val first = answers.firstOrNull { it.sure } ?: return answers.take(ASKED).map { it.title(language) }
        return listOf(first.title(language))
    }

    fun names(photo: Bitmap): List<String> = names(pictureOf(photo), Locale.getDefault().language)

    /** What to show after the camera's next frame; null while nothing is recognised. */
    fun name(frame: RgbPicture, atMs: Double): String? {
        val sighting = recogniser.look(frame, atMs) as? Sighting.Verified ?: return null
        return recogniser.gallery.picture(sighting.answer.pictureId)?.title
    }

    override fun close() = recogniser.close()

    private companion object {
        const val ASKED = 3
    }
}
