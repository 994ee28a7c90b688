/* Live, photo, picture and settings screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.core.Accelerator
import org.mobileactnet.core.AnswerThreshold
import org.mobileactnet.core.AnswerThresholds
import org.mobileactnet.core.Measure

/** The live screen: the camera, the best match, or why there is none. */
fun liveContent(state: LiveState, threshold: AnswerThreshold): ScreenContent {
    val blocks = when (state) {
        LiveState.Starting -> listOf(Block.Preview, Block.Paragraph("Starting the camera"))
        is LiveState.NoPermission -> permissionBlocks(state.mayAsk)
        is LiveState.Failed -> listOf(Block.Problem(state.sentence), pickPhoto)
        is LiveState.Paused -> listOf(Block.Problem(state.sentence), pickPhoto)
        is LiveState.Seeing -> seeingBlocks(state, threshold)
    }
    return ScreenContent("Live", blocks)
}

private val pickPhoto = Block.Button("Pick a photo", Action.PickPhoto)

private fun permissionBlocks(mayAsk: Boolean): List<Block> = listOf(
    Block.Heading("The camera is not allowed"),
    Block.Paragraph(
        "What it sees is compared with the gallery on this phone and goes nowhere: " +
            "the app cannot reach any network."
    ),
    if (mayAsk) {
        Block.Button("Allow the camera", Action.AskForCamera)
    } else {
        Block.Button("Open the system's settings to allow it", Action.OpenSystemSettings)
    },
    pickPhoto
)

private fun seeingBlocks(state: LiveState.Seeing, threshold: AnswerThreshold): List<Block> {
    val rate = state.framesPerSecond?.let { "${decimals(it, 1)} frames a second; " }.orEmpty()
    return listOf(Block.Preview) + matchBlocks(state.matches.take(1), threshold) +
        Block.Paragraph(rate + timesText(state.times)) +
        Block.Button("Add this to the gallery", Action.AddFrame)
}

/** The screen of a picked photo: its matches, best first. */
fun resultsContent(state: ResultsState, threshold: AnswerThreshold): ScreenContent {
    val blocks = when (state) {
        ResultsState.Empty -> listOf(Block.Paragraph("Pick a photo to search with; the app sees no other."))

        ResultsState.Looking -> listOf(Block.Paragraph("Looking"))

        is ResultsState.Failed -> listOf(Block.Problem(state.sentence))

        is ResultsState.Found ->
            matchBlocks(state.matches, threshold) + Block.Paragraph(timesText(state.times))
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
            Block.Button("Back", Action.Back)
        )
    )
}

/** The settings. They can be reached without a model, too: another choice may be what it needs. */
fun settingsContent(settings: Settings, start: StartState): ScreenContent {
    val about = when (start) {
        StartState.Opening -> Block.Paragraph("Opening model and gallery")

        is StartState.Refused -> Block.Problem(start.sentence)

        is StartState.Ready -> Block.Paragraph(
            "Model: ${start.manifest.name}, ${start.manifest.precision}; " +
                "it runs on ${acceleratorName(start.ran.accelerator)}."
        )
    }
    val answers =
        choice("Things that are not in the gallery may be answered", FALSE_ANSWERS, settings.falseAnswers, ::percent) {
            settings.copy(falseAnswers = it)
        }
    val thresholds = (start as? StartState.Ready)?.thresholds
    val elsewhere = (start as? StartState.Ready)?.sentence?.let(Block::Problem)
    return ScreenContent(
        "Settings",
        listOfNotNull(
            about,
            elsewhere,
            choice("Accelerator", Accelerator.entries, settings.accelerator, Accelerator::name) {
                settings.copy(accelerator = it)
            },
            choice("Processor threads", THREADS, settings.threads, Int::toString) { settings.copy(threads = it) },
            answers
        ) + listOfNotNull(thresholds?.let { Block.Paragraph(calibrationText(it, settings)) }) +
            choice("Matches of a photo", TOPS, settings.top, Int::toString) { settings.copy(top = it) }
    )
}

private fun acceleratorName(accelerator: Accelerator): String = when (accelerator) {
    Accelerator.CPU -> "the processor (LiteRT, XNNPACK)"
    Accelerator.GPU -> "the GPU (LiteRT)"
}

private fun calibrationText(thresholds: AnswerThresholds, settings: Settings): String {
    val threshold = thresholds.at(settings.falseAnswers)
    val least = decimals(threshold.least, 2)
    val rule = when (threshold.measure) {
        Measure.SIMILARITY -> "the best match must be $least similar"
        Measure.DISTINCTNESS -> "the best match must stand out from the gallery by $least deviations"
    }
    return "At ${percent(threshold.falseAnswers)} $rule. Calibrated on ${thresholds.captures} made-up photos of " +
        "the gallery's own pictures, of which ${percent(threshold.rightAnswers)} were answered rightly; " +
        "real photos may do otherwise."
}

private fun percent(share: Double): String = "${decimals(PERCENT * share, 0)} %"

private const val PERCENT = 100

private fun <T> choice(title: String, values: List<T>, chosen: T, text: (T) -> String, change: (T) -> Settings) =
    Block.Choice(title, values.map { Option(text(it), it == chosen, Action.Change(change(it))) })
