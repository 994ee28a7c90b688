package org.mobileactnet.core

import java.io.File

/**
 * What the model and the decoder make of a photo.
 *
 * @property descriptor (D) float32 of length 1.
 * @property thumbnail a JPEG; null where the gallery keeps none.
 */
class Described(
    val widthPx: Int,
    val heightPx: Int,
    val descriptor: FloatArray,
    val thumbnail: ByteArray?,
)

/** How far an indexing run is. */
data class IndexProgress(val done: Int, val total: Int, val problems: Int)

/**
 * Takes the photos of an inbox into a gallery, one transaction for each. Stopped at any point, by
 * [run]'s `goOn` or by the end of the process, it goes on with what is left: a photo that was
 * stored but not moved away is stored again under its path.
 *
 * @param describe decodes and describes a photo; a [PictureException] is noted as its problem.
 */
class Indexer(
    private val inbox: PhotoInbox,
    private val gallery: GalleryWriter,
    private val storage: Storage,
    private val describe: (File) -> Described,
) {
    /**
     * Describes everything that waits.
     *
     * @param goOn asked before each photo.
     * @param progress told before each photo, and at the end.
     * @throws GalleryException where the gallery cannot be written; nothing that waits is lost.
     */
    fun run(goOn: () -> Boolean, progress: (IndexProgress) -> Unit) {
        val waiting = inbox.waiting()
        var problems = 0
        waiting.forEachIndexed { done, photo ->
            progress(IndexProgress(done, waiting.size, problems))
            if (!goOn()) return
            if (!take(photo)) problems++
        }
        progress(IndexProgress(waiting.size, waiting.size, problems))
    }

    /** Takes one photo in; false where it has a problem. */
    private fun take(photo: File): Boolean {
        val path = PhotoInbox.FOLDER + photo.name
        val described = try {
            describe(photo)
        } catch (error: PictureException) {
            gallery.noteProblem(path, error.message.orEmpty())
            inbox.drop(photo)
            return false
        }
        gallery.store(rowOf(path, photo, described))
        inbox.keep(photo)
        return true
    }

    private fun rowOf(path: String, photo: File, described: Described) = DescribedPhoto(
        path = path,
        sizeBytes = photo.length(),
        modifiedNs = photo.lastModified() * NS_PER_MS,
        sha256 = sha256Bytes(photo.readBytes()),
        widthPx = described.widthPx,
        heightPx = described.heightPx,
        label = null,
        descriptor = encode(described.descriptor, storage),
        thumbnail = described.thumbnail,
    )

    private companion object {
        const val NS_PER_MS = 1_000_000L
    }
}
