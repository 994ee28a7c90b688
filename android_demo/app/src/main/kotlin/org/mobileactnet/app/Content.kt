/*
 * What a screen shows, as data: each screen is a pure function from its state to this, and
 * ContentView makes framework views of it. So screens are tested without a phone.
 */
package org.mobileactnet.app

/** A screen's content, from the top. */
data class ScreenContent(val title: String, val blocks: List<Block>)

/** One thing on a screen. */
sealed class Block {
    /** The live picture of the camera, as large as there is room. */
    object Preview : Block()

    data class Heading(val text: String) : Block()

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

    /** A picture of the gallery, as large as there is room. */
    data class LargePicture(val pictureId: Long, val path: String) : Block()
}

/** A value that can be chosen. */
data class Option(val text: String, val chosen: Boolean, val action: Action)

/** The screens that the bar at the bottom leads to. */
enum class Screen(val title: String) {
    LIVE("Live"),
    RESULTS("Photo"),
    GALLERY("Gallery"),
    SETTINGS("Settings"),
    BENCHMARK("Benchmark"),
    ABOUT("About")
}

/** What someone asked for by touching something. */
sealed class Action {
    data class Open(val screen: Screen) : Action()

    data class ShowPicture(val id: Long) : Action()

    data class Change(val settings: Settings) : Action()

    /** Takes a photo that was added on this phone out of all galleries. */
    data class Delete(val path: String) : Action()

    data class Measure(val sustainedS: Int) : Action()

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
