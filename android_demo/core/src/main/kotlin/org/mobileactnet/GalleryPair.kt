/* The app's own gallery and the photos of the phone: two files, searched as one. */
package org.mobileactnet

import java.io.Closeable

/** What a search and the screens ask of a gallery, be it one file or two. */
interface PictureSource {
    /** Whether pictures have local features, so that hits can be verified. */
    val hasLocalFeatures: Boolean

    /** The certainty from which a hit is an answer. */
    val verifiedFrom: Double

    /** Reads all descriptors, in rising order of ids; throws [GalleryException] where one is damaged. */
    fun load(): DescriptorTable

    /** Looks a picture up; null where it has gone. */
    fun picture(id: Long): Picture?

    /** A picture's thumbnail, a JPEG; null where there is none. */
    fun thumbnail(id: Long): ByteArray?

    /** A larger JPEG for an item's page; null where there is none. */
    fun pagePicture(id: Long): ByteArray?

    /** A picture's local features; null where it has none. */
    fun localFeatures(id: Long): LocalFeatures?

    /** What the catalogue says of a picture; null where it says nothing. */
    fun item(pictureId: Long): Item?
}

/**
 * The gallery that came with the app, which a newer app replaces, and what someone added on this phone, which
 * stays. Numbers of added pictures begin at [FIRST_ADDED].
 *
 * @param shipped that of the app.
 * @param added that of the phone; made by the same model.
 */
class GalleryPair(val shipped: Gallery, val added: Gallery) :
    PictureSource,
    Closeable {
    /** What the app's own was made by. */
    val info: GalleryInfo get() = shipped.info
    override val hasLocalFeatures: Boolean get() = shipped.hasLocalFeatures
    override val verifiedFrom: Double get() = shipped.verifiedFrom

    override fun load(): DescriptorTable {
        val first = shipped.load()
        val second = added.load()
        val ids = first.ids + LongArray(second.ids.size) { FIRST_ADDED + second.ids[it] }
        val (one, other) = first.descriptors to second.descriptors
        return DescriptorTable(
            ids,
            StoredDescriptors(one.storage, one.dim, one.bytes + other.bytes, one.scales + other.scales)
        )
    }

    override fun picture(id: Long): Picture? = of(id) { gallery, own -> gallery.picture(own)?.copy(id = id) }

    override fun thumbnail(id: Long): ByteArray? = of(id, Gallery::thumbnail)

    override fun pagePicture(id: Long): ByteArray? = of(id, Gallery::pagePicture)

    override fun localFeatures(id: Long): LocalFeatures? = of(id, Gallery::localFeatures)

    override fun item(pictureId: Long): Item? = of(pictureId, Gallery::item)

    /** Pictures whose title, path or item has [words], those of the phone first, then the newest of the app. */
    fun pictures(words: String, limit: Int, offset: Int = 0): List<Picture> {
        val ofPhone = added.pictures(words, limit, offset).map { it.copy(id = FIRST_ADDED + it.id) }
        if (ofPhone.size == limit) return ofPhone
        val skipped = maxOf(0, offset - added.pictureCount(words).toInt())
        return ofPhone + shipped.pictures(words, limit - ofPhone.size, skipped)
    }

    /** The number of the picture with a path, those of the phone first; null where there is none. */
    fun idOf(path: String): Long? = added.idOf(path)?.let { FIRST_ADDED + it } ?: shipped.idOf(path)

    /** How many pictures have [words]; all where it is empty. */
    fun pictureCount(words: String): Long = shipped.pictureCount(words) + added.pictureCount(words)

    /** The pictures that were added last, those of the phone first. */
    fun latest(limit: Int): List<Picture> = pictures("", limit)

    fun counts(): GalleryCounts {
        val (one, other) = shipped.counts() to added.counts()
        return GalleryCounts(
            one.pictures + other.pictures,
            one.labels + other.labels,
            one.thumbnails + other.thumbnails,
            one.problems + other.problems
        )
    }

    /** The photos that could not be described, those of the phone first. */
    fun problems(): List<Problem> = added.problems() + shipped.problems()

    override fun close() {
        shipped.close()
        added.close()
    }

    private fun <T> of(id: Long, look: (Gallery, Long) -> T): T =
        if (id < FIRST_ADDED) look(shipped, id) else look(added, id - FIRST_ADDED)

    companion object {
        /** No gallery of a computer has as many pictures. */
        const val FIRST_ADDED = 1L shl 48
    }
}
