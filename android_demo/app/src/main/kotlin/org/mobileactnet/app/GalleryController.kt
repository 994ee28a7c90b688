package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.ActnetException
import org.mobileactnet.Described
import org.mobileactnet.IndexProgress
import org.mobileactnet.Indexer
import org.mobileactnet.PhotoInbox
import org.mobileactnet.Recogniser

/** The gallery screen: adds, describes and deletes photos while the app goes on. */
class GalleryController(
    private val environment: Environment,
    private val inbox: PhotoInbox,
    private val recogniser: () -> Recogniser?
) {
    private val mutableState = MutableStateFlow<GalleryState>(GalleryState.Opening)
    val state: StateFlow<GalleryState> = mutableState

    private val worker = environment.worker("gallery")

    @Volatile
    private var stopped = false

    /** What could not be added or deleted, until it has been told. */
    private var untold: String? = null

    /** What is searched for, and how much of it is shown. */
    private var words = ""
    private var shown = PAGE

    /** Paths of the photos that were added last, which [undo] takes out. */
    private var addedLast = emptyList<String>()

    /** Shows the pictures that have [text]; all where it is empty. */
    fun search(text: String) = look {
        words = text
        shown = PAGE
    }

    /** Shows more of the gallery. */
    fun more() = look { shown += PAGE }

    private fun look(change: () -> Unit) = worker.execute {
        change()
        recogniser()?.let { tell(it, (state.value as? GalleryState.Open)?.progress, null) }
    }

    /** Takes the photos that were added last out again. */
    fun undo() = worker.execute {
        val paths = addedLast
        addedLast = emptyList()
        paths.forEach(::deletePhoto)
        work(::takeOutDeleted)
    }

    /** Gives a photo of this phone a name; [done] when it can be seen. */
    fun rename(path: String, name: String, done: () -> Unit) = worker.execute {
        work { open ->
            inbox.rename(path, name)
            open.galleries.writer.rename(path, inbox.nameOf(path))
            done()
        }
    }

    /** The gallery has been closed; another may come. */
    fun closed() {
        mutableState.value = GalleryState.Opening
    }

    /**
     * A gallery has been opened. What was deleted while another model was in use goes out of it; what waits
     * from an earlier start, and what only other models' galleries have, is described.
     */
    fun opened() = work { open ->
        takeOutDeleted(open)
        index(open)
    }

    /**
     * Copies photos and describes them; opening one may throw IOException. While the gallery is being
     * opened they wait for it. Those that cannot be copied are told, the others go on.
     */
    fun add(photos: List<() -> InputStream>) = worker.execute {
        val added = mutableListOf<String>()
        untold = sentences(untold, notCopiedText(photos.map { copy(it, added) }))
        addedLast = added
        goOn()
    }

    /** Describes what waits. */
    fun goOn() = work(::index)

    /** Stops describing after the present photo. */
    fun stop() {
        stopped = true
    }

    /**
     * Deletes a photo that was added on this phone: first itself, then its picture or problem in this gallery, and in
     * those of other models when they are opened. Begun, it is carried out, whatever ends the app.
     */
    fun delete(path: String) = worker.execute {
        deletePhoto(path)
        work(::takeOutDeleted)
    }

    private fun deletePhoto(path: String) = try {
        addedLast = addedLast - path
        inbox.delete(path)
    } catch (error: ActnetException) {
        untold = sentences(untold, error.message)
    }

    private fun work(task: (Recogniser) -> Unit) = worker.execute {
        val open = recogniser() ?: return@execute
        val earlier = untold.also { untold = null }
        val sentence = try {
            task(open)
            null
        } catch (error: ActnetException) {
            error.message
        }
        tell(open, null, sentences(earlier, sentence))
    }

    /** Copies a photo into the inbox; what went wrong is a sentence, null where nothing did. */
    private fun copy(photo: () -> InputStream, added: MutableList<String>): String? = try {
        added += PhotoInbox.FOLDER + photo().use(inbox::add).name
        null
    } catch (error: ActnetException) {
        error.message
    } catch (error: IOException) {
        "it cannot be read: ${error.message}; choose another"
    }

    /** Names the photos by their places, those with the same sentence together. */
    private fun notCopiedText(failures: List<String?>): String? = failures.withIndex()
        .filter { it.value != null }.groupBy({ it.value }, { it.index + 1 })
        .map { (sentence, places) -> "Photo ${places.joinToString()} of ${failures.size}: $sentence" }
        .let { sentences(*it.toTypedArray()) }

    /** Sentences below each other; null where there is none. */
    private fun sentences(vararg all: String?): String? = all.filterNotNull().joinToString("\n").ifEmpty { null }

    private fun takeOutDeleted(open: Recogniser) {
        if (indexer(open).takeOutDeleted()) open.reload()
    }

    private fun index(open: Recogniser) {
        stopped = false
        val indexer = indexer(open)
        if (indexer.waiting().isEmpty()) return
        try {
            indexer.run({ !stopped }, { tell(open, it, null) })
        } finally {
            open.reload() // What was described before a failure is found, too.
        }
    }

    private fun indexer(open: Recogniser) =
        Indexer(inbox, open.gallery.added, open.galleries.writer) { describe(open, it) }

    private fun describe(open: Recogniser, photo: File): Described {
        val picture = environment.decode(photo)
        val side = open.gallery.info.thumbnailSidePx
        val thumbnail = if (side > 0) environment.jpeg(picture, side) else null
        return open.described(picture, thumbnail)
    }

    private fun tell(open: Recogniser, progress: IndexProgress?, sentence: String?) {
        mutableState.value = try {
            GalleryState.Open(
                open.gallery.info,
                open.gallery.counts(),
                words,
                open.gallery.pictures(words, shown).map { thingOf(open.gallery, it, environment.language()) },
                open.gallery.pictureCount(words),
                open.gallery.problems(),
                progress?.takeIf { it.done < it.total },
                indexer(open).waiting().size,
                sentence,
                undoable = addedLast.isNotEmpty()
            )
        } catch (error: ActnetException) {
            (state.value as? GalleryState.Open)?.copy(sentence = error.message) ?: GalleryState.Opening
        }
    }

    private companion object {
        const val PAGE = 50
    }
}
