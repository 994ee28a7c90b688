/* Live, photo, picture and settings screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.core.Manifest

/** The live screen: the camera, the best match, or why there is none. */
fun liveContent(state: LiveState, settings: Settings): ScreenContent {
    val blocks = when (state) {
        LiveState.Starting -> listOf(Block.Preview, Block.Paragraph("Starting the camera"))
        is LiveState.NoPermission -> permissionBlocks(state.mayAsk)
        is LiveState.Failed -> listOf(Block.Problem(state.sentence), pickPhoto)
        is LiveState.Paused -> listOf(Block.Problem(state.sentence), pickPhoto)
        is LiveState.Seeing -> seeingBlocks(state, settings)
    }
    return ScreenContent("Live", blocks)
}

private val pickPhoto = Block.Button("Pick a photo", Action.PickPhoto)

private fun permissionBlocks(mayAsk: Boolean): List<Block> = listOf(
    Block.Heading("The camera is not allowed"),
    Block.Paragraph(
        "What it sees is compared with the gallery on this phone and goes nowhere: " +
            "the app cannot reach any network.",
    ),
    if (mayAsk) {
        Block.Button("Allow the camera", Action.AskForCamera)
    } else {
        Block.Button("Open the system's settings to allow it", Action.OpenSystemSettings)
    },
    pickPhoto,
)

private fun seeingBlocks(state: LiveState.Seeing, settings: Settings): List<Block> {
    val rate = state.framesPerSecond?.let { "${decimals(it, 1)} frames a second; " }.orEmpty()
    return listOf(Block.Preview) + matchBlocks(state.matches.take(1), settings.threshold) +
        Block.Paragraph(rate + timesText(state.times)) +
        Block.Button("Add this to the gallery", Action.AddFrame)
}

/** The screen of a picked photo: its matches, best first. */
fun resultsContent(state: ResultsState, settings: Settings): ScreenContent {
    val blocks = when (state) {
        ResultsState.Empty -> listOf(Block.Paragraph("Pick a photo to search with; the app sees no other."))
        ResultsState.Looking -> listOf(Block.Paragraph("Looking"))
        is ResultsState.Failed -> listOf(Block.Problem(state.sentence))
        is ResultsState.Found ->
            matchBlocks(state.matches, settings.threshold) + Block.Paragraph(timesText(state.times))
    }
    return ScreenContent("Photo", blocks + pickPhoto)
}

/** The large picture of a match; where the gallery came from a computer, its thumbnail. */
fun pictureContent(state: PictureState): ScreenContent {
    val picture = state.picture
    val note = if (state.hasPhoto) {
        Block.Button("Delete from the gallery", Action.Delete(picture.id))
    } else {
        Block.Paragraph("The gallery came with a small picture of this photo only.")
    }
    return ScreenContent(
        picture.title,
        listOf(
            Block.LargePicture(picture.id, picture.path),
            Block.Paragraph("${picture.path}, ${picture.widthPx} x ${picture.heightPx} pixels"),
            note,
            Block.Button("Back", Action.Back),
        ),
    )
}

/** The settings; the model's name stands beside what can be chosen for it. */
fun settingsContent(settings: Settings, manifest: Manifest): ScreenContent = ScreenContent(
    "Settings",
    listOf(
        Block.Paragraph(
            "Model: ${manifest.name}, ${manifest.precision}; " +
                "it runs on the processor (LiteRT, XNNPACK).",
        ),
        choice("Threads", THREADS, settings.threads, Int::toString) { settings.copy(threads = it) },
        choice("Least similarity of a match", THRESHOLDS, settings.threshold, { decimals(it, 2) }) {
            settings.copy(threshold = it)
        },
        choice("Matches of a photo", TOPS, settings.top, Int::toString) { settings.copy(top = it) },
    ),
)

private fun <T> choice(
    title: String,
    values: List<T>,
    chosen: T,
    text: (T) -> String,
    change: (T) -> Settings,
) = Block.Choice(title, values.map { Option(text(it), it == chosen, Action.Change(change(it))) })
