package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.core.ActnetException
import org.mobileactnet.core.Described
import org.mobileactnet.core.IndexProgress
import org.mobileactnet.core.Indexer

/** The gallery screen: adds, describes and deletes photos while the app goes on. */
class GalleryController(
    private val environment: Environment,
    private val session: () -> Session?,
) {
    private val mutableState = MutableStateFlow<GalleryState>(GalleryState.Opening)
    val state: StateFlow<GalleryState> = mutableState

    private val worker = environment.worker("gallery")

    @Volatile
    private var stopped = false

    /** A gallery has been opened; what waits from an earlier start is described. */
    fun opened() = goOn()

    /** Adds photos and describes them; opening one may throw IOException. */
    fun add(photos: List<() -> InputStream>) = work { open ->
        photos.forEach { photo -> photo().use(open.inbox::add) }
        index(open)
    }

    /** Describes what waits. */
    fun goOn() = work(::index)

    /** Stops describing after the present photo. */
    fun stop() {
        stopped = true
    }

    /** Takes a picture out of the gallery, and its photo from the phone's copies. */
    fun delete(id: Long) = work { open ->
        val picture = open.gallery.picture(id)
        open.writer.delete(id)
        picture?.let { open.inbox.delete(it.path) }
        open.reload()
    }

    private fun work(task: (Session) -> Unit) = worker.execute {
        val open = session() ?: return@execute
        val sentence = try {
            task(open)
            null
        } catch (error: ActnetException) {
            error.message
        } catch (error: IOException) {
            "The photo cannot be read: ${error.message}; pick another"
        }
        tell(open, null, sentence)
    }

    private fun index(open: Session) {
        stopped = false
        if (open.inbox.waiting().isEmpty()) return
        val storage = open.gallery.info.storage
        try {
            Indexer(open.inbox, open.writer, storage) { describe(open, it) }
                .run({ !stopped }, { tell(open, it, null) })
        } finally {
            open.reload() // What was described before a failure is found, too.
        }
    }

    private fun describe(open: Session, photo: File): Described {
        val picture = environment.decode(photo)
        val side = open.gallery.info.thumbnailSidePx
        val thumbnail = if (side > 0) environment.jpeg(picture, side) else null
        return Described(picture.widthPx, picture.heightPx, open.describe(picture), thumbnail)
    }

    private fun tell(open: Session, progress: IndexProgress?, sentence: String?) {
        mutableState.value = try {
            GalleryState.Open(
                open.gallery.info, open.gallery.counts(), open.gallery.latest(LATEST),
                open.gallery.problems(), progress?.takeIf { it.done < it.total }, open.inbox.waiting().size, sentence,
            )
        } catch (error: ActnetException) {
            (state.value as? GalleryState.Open)?.copy(sentence = error.message) ?: GalleryState.Opening
        }
    }

    private companion object {
        const val LATEST = 100
    }
}
