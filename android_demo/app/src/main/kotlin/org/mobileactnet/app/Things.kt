/* Pictures of the gallery as screens name them: by what the catalogue says of them. */
package org.mobileactnet.app

import org.mobileactnet.GalleryPair
import org.mobileactnet.PhotoInbox
import org.mobileactnet.Picture
import org.mobileactnet.text

/**
 * A picture with what the catalogue says of it.
 *
 * @property title empty for a photo of this phone that no one has named.
 * @property maker null where nothing is known; likewise [text] and [link].
 */
data class Thing(
    val pictureId: Long,
    val path: String,
    val title: String,
    val maker: String? = null,
    val text: String? = null,
    val link: String? = null
)

/** A picture with what the catalogue says of it in a [language]; null where it has gone. */
fun thingOf(gallery: GalleryPair, id: Long, language: String): Thing? =
    gallery.picture(id)?.let { thingOf(gallery, it, language) }

/** What the catalogue says of a picture in a [language], such as `de`. */
fun thingOf(gallery: GalleryPair, picture: Picture, language: String): Thing {
    val item = gallery.item(picture.id)
    return Thing(
        picture.id,
        picture.path,
        item?.text("title", language) ?: ownTitle(picture),
        item?.text("maker", language),
        item?.text("text", language),
        item?.text("link", language)?.let(::safeLink)
    )
}

/** A photo of this phone is called by 32 digits until someone names it; nobody wants to read them. */
private fun ownTitle(picture: Picture): String =
    if (picture.label == null && PhotoInbox.isAdded(picture.path)) "" else picture.title

/** What a thing is called on a screen. */
internal fun Thing.named(words: Words): String = title.ifEmpty { words("gallery_own") }

/** Links that the system may be asked to open; a catalogue may come from anywhere. */
private val SAFE_LINK = Regex("(https?://|mailto:)[^\\s\\p{Cntrl}]+", RegexOption.IGNORE_CASE)

/** A link as it is, where it is one of the web or a mail's; null for any other. */
fun safeLink(link: String): String? = link.trim().takeIf(SAFE_LINK::matches)
