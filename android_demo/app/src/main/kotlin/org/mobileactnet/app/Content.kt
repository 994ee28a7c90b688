/*
 * What a screen shows, as data: each screen is a pure function from its state to this, and
 * ContentView makes framework views of it. So screens are tested without a phone.
 */
package org.mobileactnet.app

import org.mobileactnet.Place

/** A screen's content, from the top. */
data class ScreenContent(val title: String, val blocks: List<Block>)

/** Whether someone is asked to choose: the preview then leaves room for what there is to choose from. */
val ScreenContent.asks: Boolean get() = blocks.any { it is Block.PictureRow && it.action is Action.Pick }

/** One thing on a screen. */
sealed class Block {
    /**
     * The live picture of the camera, as large as there is room, with a square to aim with.
     *
     * @property label what a screen reader says of it.
     * @property outline of the answer, as shares of the upright frame; null for none.
     * @property aims whether there is a square to aim with: not while something is answered.
     */
    data class Preview(val label: String, val outline: List<Place>?, val aims: Boolean) : Block()

    /** @property announced whether a screen reader says it as soon as it changes. */
    data class Heading(val text: String, val announced: Boolean = false) : Block()

    data class Paragraph(val text: String) : Block()

    /** A sentence on what is wrong. */
    data class Problem(val text: String) : Block()

    data class Button(val text: String, val action: Action) : Block()

    /** One of several values; [stacked] where their texts are too long to stand side by side. */
    data class Choice(val title: String, val options: List<Option>, val stacked: Boolean = false) : Block()

    /** A share from 0 to 1 of something that is going on. */
    data class Progress(val text: String, val share: Double) : Block()

    /** A picture of the gallery with its thumbnail. */
    data class PictureRow(
        val pictureId: Long,
        val path: String,
        val title: String,
        val detail: String,
        val action: Action
    ) : Block()

    /** A picture of the gallery, as large as there is room; [label] is what a screen reader says of it. */
    data class LargePicture(val pictureId: Long, val path: String, val label: String) : Block()

    /** A line that someone writes; what is written goes to [input]. */
    data class Field(val label: String, val text: String, val input: Input) : Block()
}

/** Whether a screen reader says it as soon as it is there, or changes. */
val Block.isAnnounced: Boolean get() = this is Block.Problem || (this is Block.Heading && announced)

/** What a written line is for. */
enum class Input { SEARCH, NAME }

/** A value that can be chosen; [label] is what a screen reader says of it. */
data class Option(val text: String, val chosen: Boolean, val action: Action, val label: String = text)

/** The screens; [inBar] says whether the bar at the bottom leads there. */
enum class Screen(val key: String, val inBar: Boolean) {
    LIVE("screen_live", true),
    RESULTS("screen_results", false),
    HISTORY("screen_history", true),
    GALLERY("screen_gallery", true),
    SETTINGS("screen_settings", true),
    BENCHMARK("screen_benchmark", false),
    ABOUT("screen_about", false)
}

/** The screen of the bar that another one belongs to. */
val Screen.barScreen: Screen
    get() = when (this) {
        Screen.RESULTS -> Screen.LIVE
        Screen.BENCHMARK, Screen.ABOUT -> Screen.SETTINGS
        else -> this
    }

/** What someone asked for by touching something. */
sealed class Action {
    data class Open(val screen: Screen) : Action()

    data class ShowPicture(val id: Long) : Action()

    /** Someone says that it is this picture. */
    data class Pick(val id: Long) : Action()

    data class Change(val settings: Settings) : Action()

    /** Takes a photo that was added on this phone out of all galleries. */
    data class Delete(val path: String) : Action()

    /** Gives the photo that is shown the name that is written. */
    data class Rename(val path: String) : Action()

    data class Measure(val sustainedS: Int) : Action()

    /** Holds the camera's picture, or goes on. */
    data class Freeze(val on: Boolean) : Action()

    /** Switches the lamp beside the camera. */
    data class Torch(val on: Boolean) : Action()

    /** Opens a link outside the app. */
    data class OpenLink(val link: String) : Action()

    /** Hands a text to another app. */
    data class Share(val text: String) : Action()

    /** None of the pictures that were asked about. */
    object NoneOfThese : Action()

    /** Starts the camera for the first time. */
    object Start : Action()

    /** Asks the system for the camera. */
    object AskForCamera : Action()

    /** Opens the system's page of the app, where a refused camera can be allowed again. */
    object OpenSystemSettings : Action()

    /** Opens the system's photo picker to search with a photo. */
    object PickPhoto : Action()

    /** Opens the system's photo picker to add photos to the gallery. */
    object AddPhotos : Action()

    /** Adds what the camera sees to the gallery. */
    object AddFrame : Action()

    /** Takes the photos that were added last out again. */
    object UndoAdding : Action()

    /** Shows more of the gallery. */
    object ShowMore : Action()

    object ClearHistory : Action()

    object StopIndexing : Action()

    object GoOnIndexing : Action()

    /** Puts the gallery that came with the app back. */
    object RestoreGallery : Action()

    object StopMeasuring : Action()

    /** Saves the benchmark's report through the system's dialog. */
    object ExportReport : Action()

    object RunSelfTest : Action()

    object Back : Action()
}
