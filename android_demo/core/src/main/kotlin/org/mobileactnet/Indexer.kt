package org.mobileactnet

import java.io.File
import java.io.IOException

/**
 * What the model and the decoder make of a photo.
 *
 * @property descriptor (D) float32 of length 1.
 * @property thumbnail a JPEG; null where the gallery keeps none.
 * @property features local features; null where the gallery has none.
 */
class Described(
    val widthPx: Int,
    val heightPx: Int,
    val descriptor: FloatArray,
    val thumbnail: ByteArray?,
    val features: LocalFeatures? = null
)

/** How far an indexing run is. */
data class IndexProgress(val done: Int, val total: Int, val problems: Int)

/**
 * Takes the photos of an inbox into the gallery of a model, one transaction for each: those that were added,
 * and those that only other models' galleries have. Stopped at any point, by [run]'s `goOn` or by the end of
 * the process, it goes on with what is left: a photo that was stored but not moved away is stored again
 * under its path. A photo that the process died with twice is refused by the model in use, and tried
 * anew by the next.
 *
 * @param describe decodes and describes a photo; a [PictureException] is noted as its problem, and so
 *   is a descriptor that cannot be stored. A [ModelException] ends the run: it would meet them all.
 */
class Indexer(
    private val inbox: PhotoInbox,
    private val gallery: Gallery,
    private val writer: GalleryWriter,
    private val describe: (File) -> Described
) {
    /** What the gallery lacks, and has not refused: first what was added, then what others have. */
    fun waiting(): List<File> {
        val added = inbox.waiting()
        val known = gallery.addedPaths() + added.map(::pathOf)
        return added + inbox.kept().filterNot { pathOf(it) in known }
    }

    /**
     * Takes out what was deleted while another model was in use, problems too, so that a photo that is
     * added again is tried again; true where there was something.
     *
     * @throws GalleryException where the gallery cannot be written.
     */
    fun takeOutDeleted(): Boolean {
        val gone = gallery.addedPaths().filter(inbox::isDeleted)
        gone.forEach(writer::delete)
        return gone.isNotEmpty()
    }

    /**
     * Describes everything that waits.
     *
     * @param goOn asked before each photo.
     * @param progress told before each photo, and at the end.
     * @throws GalleryException where the gallery cannot be written; nothing that waits is lost.
     * @throws ModelException where the model fails; neither is anything then.
     */
    fun run(goOn: () -> Boolean, progress: (IndexProgress) -> Unit) {
        val waiting = waiting()
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
        if (inbox.deaths(photo) >= MOST_DEATHS) {
            return refuse(photo, "The app ended $MOST_DEATHS times while it described this photo; choose another")
        }
        inbox.begin(photo)
        val row = try {
            withinMemory { rowOf(photo, describe(photo)) }
        } catch (error: ActnetException) {
            if (error is ModelException) throw error
            return refuse(photo, error.message.orEmpty())
        } catch (error: IOException) {
            return refuse(photo, "The photo cannot be read: ${error.message}; add it again")
        } finally {
            inbox.ended(photo)
        }
        writer.store(row)
        inbox.keep(photo)
        return true
    }

    /** Notes a photo's problem; the photo stays, as another model may do better. */
    private fun refuse(photo: File, reason: String): Boolean {
        writer.noteProblem(pathOf(photo), reason)
        inbox.keep(photo)
        inbox.ended(photo)
        return false
    }

    private fun pathOf(photo: File) = PhotoInbox.FOLDER + photo.name

    private fun rowOf(photo: File, described: Described) = DescribedPhoto(
        path = pathOf(photo),
        sizeBytes = photo.length(),
        modifiedNs = photo.lastModified() * NS_PER_MS,
        sha256 = sha256Bytes(photo.readBytes()),
        widthPx = described.widthPx,
        heightPx = described.heightPx,
        label = inbox.nameOf(pathOf(photo)),
        descriptor = encode(described.descriptor, gallery.info.storage),
        thumbnail = described.thumbnail,
        features = described.features
    )

    private companion object {
        const val NS_PER_MS = 1_000_000L
        const val MOST_DEATHS = 2
    }
}
