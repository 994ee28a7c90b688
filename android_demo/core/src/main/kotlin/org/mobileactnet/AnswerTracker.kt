/*
 * What the live screen shows over time: looking, maybe one of these, or an answer. One frame more or less must not
 * make the screen flicker. Swift has the same; tests/golden/sightings.json holds both.
 */
package org.mobileactnet

/**
 * A picture of the gallery that a frame may show.
 *
 * @property key tells things apart; pictures of one item have the same.
 * @property inliers places that fit one geometric model; 0 where nothing was compared.
 */
data class Candidate(val key: String, val pictureId: Long, val similarity: Double, val inliers: Int)

/**
 * What a search says of one frame, whichever search that was.
 *
 * @property atMs when the frame was taken, on a clock that never goes back.
 * @property best the first hit; null where there is none.
 * @property verified whether [best] is an answer.
 * @property outline of the best in the upright frame, as shares 0 to 1 of its width and height; null for none.
 * @property candidates what it may be, best first, where nothing is verified.
 */
data class FrameAnswer(
    val atMs: Double,
    val best: Candidate?,
    val verified: Boolean,
    val outline: List<Place>? = null,
    val candidates: List<Candidate> = emptyList()
)

/** What is to be seen. */
sealed class Sighting {
    /** Nothing is known. */
    object Looking : Sighting()

    /** It may be one of these, at most [AnswerTracker.ASKED]. */
    data class Maybe(val candidates: List<Candidate>) : Sighting()

    /** @property outline where it lies in the newest frame; null where that frame does not tell. */
    data class Verified(val answer: Candidate, val outline: List<Place>?) : Sighting()
}

/**
 * Makes a calm sequence of many frames' answers. An answer stays until another is verified, or nothing for
 * [LASTING_MS]; someone is asked only after [LASTING_UNSURE_MS] without an answer; and what is shown changes at
 * most once in [LEAST_CHANGE_MS], the outline aside.
 */
class AnswerTracker {
    /** What is to be seen now. */
    var sighting: Sighting = Sighting.Looking
        private set

    private var changedMs = Double.NEGATIVE_INFINITY

    /** When the shown answer was verified last, or the shown candidates were met last. */
    private var metMs = Double.NEGATIVE_INFINITY
    private var unsureSinceMs: Double? = null

    /** Begins anew, as when the camera starts. */
    fun reset() {
        sighting = Sighting.Looking
        changedMs = Double.NEGATIVE_INFINITY
        metMs = Double.NEGATIVE_INFINITY
        unsureSinceMs = null
    }

    /** Takes a frame's answer in; returns what is to be seen then. */
    fun take(frame: FrameAnswer): Sighting {
        val best = frame.best
        if (frame.verified && best != null) answer(frame, best) else unsure(frame)
        return sighting
    }

    private fun answer(frame: FrameAnswer, best: Candidate) {
        unsureSinceMs = null
        val shown = sighting
        val same = shown is Sighting.Verified && shown.answer.key == best.key
        when {
            same || mayChange(frame.atMs) -> {
                if (!same) changedMs = frame.atMs
                metMs = frame.atMs
                sighting = Sighting.Verified(best, frame.outline)
            }

            shown is Sighting.Verified -> sighting = shown.copy(outline = null)
        }
    }

    private fun unsure(frame: FrameAnswer) {
        val shown = sighting
        val gone = frame.atMs - metMs >= LASTING_MS && mayChange(frame.atMs)
        when {
            shown is Sighting.Verified && gone -> show(Sighting.Looking, frame.atMs)
            shown is Sighting.Verified -> sighting = shown.copy(outline = null)
            frame.candidates.isNotEmpty() -> ask(frame)
            shown is Sighting.Maybe && gone -> show(Sighting.Looking, frame.atMs)
            shown is Sighting.Looking -> unsureSinceMs = null
        }
    }

    /** Pictures to choose from stay where they are while the first of the frame is among them. */
    private fun ask(frame: FrameAnswer) {
        val shown = sighting
        val since = unsureSinceMs ?: frame.atMs.also { unsureSinceMs = it }
        val stays = shown is Sighting.Maybe && shown.candidates.any { it.key == frame.candidates.first().key }
        if (shown is Sighting.Maybe && (stays || !mayChange(frame.atMs))) {
            metMs = frame.atMs
        } else if (frame.atMs - since >= LASTING_UNSURE_MS && mayChange(frame.atMs)) {
            metMs = frame.atMs
            show(Sighting.Maybe(frame.candidates.take(ASKED)), frame.atMs)
        }
    }

    private fun show(next: Sighting, atMs: Double) {
        sighting = next
        changedMs = atMs
        if (next == Sighting.Looking) unsureSinceMs = null
    }

    private fun mayChange(atMs: Double) = atMs - changedMs >= LEAST_CHANGE_MS

    companion object {
        const val LASTING_MS = 2000.0
        const val LASTING_UNSURE_MS = 1000.0
        const val LEAST_CHANGE_MS = 1000.0

        /** Pictures that someone is asked about at once. */
        const val ASKED = 3
    }
}
