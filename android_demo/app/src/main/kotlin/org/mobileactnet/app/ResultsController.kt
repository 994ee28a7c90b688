package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.ActnetException
import org.mobileactnet.AnswerTracker
import org.mobileactnet.Match
import org.mobileactnet.Recogniser
import org.mobileactnet.withinMemory

/** The photo screen: searches with a photo that was picked. */
class ResultsController(
    private val environment: Environment,
    private val recogniser: () -> Recogniser?,
    private val settings: StateFlow<Settings>,
    private val recognised: (Thing) -> Unit = {}
) {
    private val mutableState = MutableStateFlow<ResultsState>(ResultsState.Empty)
    val state: StateFlow<ResultsState> = mutableState

    private val worker = environment.worker("photo")

    /** Decoders want a file; whatever the system hands over becomes one. */
    private val copy = File(environment.folder, "picked")

    /** Searches with a photo; [open] may throw [IOException]. While the gallery is being opened it waits. */
    fun look(open: () -> InputStream) {
        mutableState.value = ResultsState.Looking
        worker.execute {
            try {
                open().use { from -> copy.outputStream().use { from.copyTo(it) } }
                find()
            } catch (error: IOException) {
                copy.delete()
                mutableState.value = ResultsState.Failed("The photo cannot be read: ${error.message}; choose another")
            }
        }
    }

    /** The gallery has been opened: a photo that was picked before is searched with. */
    fun opened() = worker.execute { if (copy.isFile && state.value == ResultsState.Looking) find() }

    /** Shows no matches any more: their gallery has been closed. A photo that waits goes on waiting. */
    fun forget() = worker.execute {
        if (state.value != ResultsState.Looking) mutableState.value = ResultsState.Empty
    }

    /** Someone says that it is none of the things that were asked about. */
    fun askedInVain() {
        val shown = state.value as? ResultsState.Found ?: return
        mutableState.value = shown.copy(sight = Sight.Nothing)
    }

    private fun find() {
        val opened = recogniser() ?: return // [opened] comes back to it.
        mutableState.value = try {
            val search = withinMemory { opened.recognition(settings.value.top) { environment.decode(copy) } }
            ResultsState.Found(sightOf(opened, search.matches), Figures(search.matches, search.times))
        } catch (error: ActnetException) {
            ResultsState.Failed(error.message.orEmpty())
        } finally {
            copy.delete()
        }
    }

    private fun sightOf(open: Recogniser, matches: List<Match>): Sight {
        if (matches.isEmpty()) return Sight.Empty
        val answer = open.answer(matches, settings.value.falseAnswers)
        val best = answer.best?.takeIf { answer.verified }?.let { thing(open, it.pictureId) }
        val others = matches.filter { it.picture.id != best?.pictureId }.mapNotNull { thing(open, it.picture.id) }
        if (best != null) return Sight.Answered(best, answer.outline, others).also { recognised(best) }
        val asked = answer.candidates.take(AnswerTracker.ASKED).mapNotNull { thing(open, it.pictureId) }
        return if (asked.isEmpty()) Sight.Nothing else Sight.Asked(asked)
    }

    private fun thing(open: Recogniser, id: Long) = thingOf(open.gallery, id, environment.language())
}
