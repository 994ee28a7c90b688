/* The state of each screen; controllers write them, content functions read them. */
package org.mobileactnet.app

import org.mobileactnet.AnswerThresholds
import org.mobileactnet.BenchmarkResult
import org.mobileactnet.CarriedModel
import org.mobileactnet.GalleryCounts
import org.mobileactnet.GalleryInfo
import org.mobileactnet.IndexProgress
import org.mobileactnet.Manifest
import org.mobileactnet.Match
import org.mobileactnet.ModelChoice
import org.mobileactnet.Picture
import org.mobileactnet.Place
import org.mobileactnet.Problem
import org.mobileactnet.SelfTest
import org.mobileactnet.StageTimes

/** Whether there is a model and a gallery to work with. */
sealed class StartState {
    /** @property model that is being opened; null where it is not known yet. */
    data class Opening(val model: String? = null) : StartState()

    /**
     * @property selfTest of this start.
     * @property ran how the model is run.
     * @property sentence why it is not run as the settings want it; null where it is.
     */
    data class Ready(
        val manifest: Manifest,
        val selfTest: SelfTest,
        val thresholds: AnswerThresholds,
        val ran: ModelChoice,
        val sentence: String? = null
    ) : StartState()

    /** @property gallery whether putting the app's own gallery back may help. */
    data class Refused(val sentence: String, val gallery: Boolean) : StartState()
}

/**
 * The models that the app has.
 *
 * @property carried in the build's order; empty before they have been read.
 * @property used the name of the one that is, or is to be; null before.
 * @property sentence why it is not the one that was chosen; null where it is.
 */
data class ModelsState(val carried: List<CarriedModel>, val used: String?, val sentence: String?)

/** The live screen. */
sealed class LiveState {
    object Starting : LiveState()

    /** @property mayAsk false once the system does not show its question any more. */
    data class NoPermission(val mayAsk: Boolean) : LiveState()

    /** The camera is missing, taken, or failed. */
    data class Failed(val sentence: String) : LiveState()

    /** The phone is too hot. */
    object Paused : LiveState()

    /**
     * @property framesPerSecond that were looked at; null before the second one.
     * @property frozen whether the camera's picture is held.
     */
    data class Seeing(
        val sight: Sight,
        val figures: Figures,
        val framesPerSecond: Double? = null,
        val frozen: Boolean = false
    ) : LiveState()
}

/** What is to be said of a frame or photo. */
sealed class Sight {
    /** The gallery has no picture. */
    object Empty : Sight()

    /** Nothing is known; of a photo: it is not in the catalogue. */
    object Nothing : Sight()

    /** It may be one of these. */
    data class Asked(val things: List<Thing>) : Sight()

    /**
     * @property outline where it lies, as shares of the upright frame; null where that is not known.
     * @property others less similar things.
     */
    data class Answered(val thing: Thing, val outline: List<Place>?, val others: List<Thing>) : Sight()
}

/** What developers want to know of a search. */
data class Figures(val matches: List<Match>, val times: StageTimes)

/** The screen of a picked photo. */
sealed class ResultsState {
    object Empty : ResultsState()

    object Looking : ResultsState()

    data class Found(val sight: Sight, val figures: Figures) : ResultsState()

    data class Failed(val sentence: String) : ResultsState()
}

/** The gallery screen. */
sealed class GalleryState {
    object Opening : GalleryState()

    /**
     * @property words that pictures are searched by; empty for all.
     * @property things the latest of the gallery that have the words.
     * @property matching how many have them.
     * @property undoable whether photos were added that can be taken out at once.
     * @property progress of indexing; null where none goes on.
     * @property waiting photos that were added and not described yet.
     * @property sentence what failed last, such as a full storage.
     */
    data class Open(
        val info: GalleryInfo,
        val counts: GalleryCounts,
        val words: String,
        val things: List<Thing>,
        val matching: Long,
        val problems: List<Problem>,
        val progress: IndexProgress?,
        val waiting: Int,
        val sentence: String?,
        val undoable: Boolean = false
    ) : GalleryState()
}

/** The benchmark screen. */
sealed class BenchmarkState {
    object Idle : BenchmarkState()

    data class Running(val share: Double) : BenchmarkState()

    /**
     * @property model that was measured.
     * @property report of the result, as JSON.
     * @property saved what became of the export; null where it was not asked for.
     */
    data class Done(val model: String, val result: BenchmarkResult, val report: String, val saved: String?) :
        BenchmarkState()

    data class Failed(val sentence: String) : BenchmarkState()
}

/**
 * The page of an item.
 *
 * @property hasPhoto whether the photo lies on this phone, and so can be deleted and named.
 * @property name that is being written.
 */
data class PictureState(val thing: Thing, val picture: Picture, val hasPhoto: Boolean, val name: String = thing.title)
