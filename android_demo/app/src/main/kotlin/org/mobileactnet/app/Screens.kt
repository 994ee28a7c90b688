/* Live, photo, picture and settings screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.core.Accelerator
import org.mobileactnet.core.AnswerThreshold
import org.mobileactnet.core.AnswerThresholds
import org.mobileactnet.core.CarriedModel
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
        Block.Button("Delete from the gallery", Action.Delete(picture.path))
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
fun settingsContent(settings: Settings, start: StartState, models: ModelsState): ScreenContent {
    val about = when (start) {
        is StartState.Opening -> Block.Paragraph(openingText(start))

        is StartState.Refused -> Block.Problem(start.sentence)

        is StartState.Ready -> Block.Paragraph(
            "Model: ${models.used ?: start.manifest.name}, ${start.manifest.precision}; " +
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
        listOfNotNull(about, elsewhere) + modelBlocks(settings, models) + listOf(
            choice("Accelerator", Accelerator.entries, settings.accelerator, Accelerator::name) {
                settings.copy(accelerator = it)
            },
            choice("Processor threads", THREADS, settings.threads, Int::toString) { settings.copy(threads = it) },
            answers
        ) + listOfNotNull(thresholds?.let { Block.Paragraph(calibrationText(it, settings)) }) +
            choice("Matches of a photo", TOPS, settings.top, Int::toString) { settings.copy(top = it) }
    )
}

/** Which model is used, where there are several, or where the one that was chosen has gone. */
private fun modelBlocks(settings: Settings, models: ModelsState): List<Block> {
    val fallback = listOfNotNull(models.sentence?.let(Block::Problem))
    if (models.carried.size < 2 && models.sentence == null) return emptyList()
    val options = models.carried.filterIsInstance<CarriedModel.Usable>().map {
        Option(modelText(it), it.name == models.used, Action.Change(settings.copy(modelName = it.name)))
    }
    val refused = models.carried.filterIsInstance<CarriedModel.Refused>().filter { it.name != models.used }
        .map { Block.Problem("${it.name} cannot be used: ${it.sentence}") }
    return fallback + Block.Choice("Model", options, stacked = true) + refused + Block.Paragraph(ADDED_PHOTOS)
}

private fun modelText(model: CarriedModel.Usable): String {
    val manifest = model.manifest
    val size = manifest.preprocessing
    return "${model.name}: ${manifest.precision}, ${decimals(manifest.artefactSizeBytes / BYTES_PER_MB, 1)} MB, " +
        "${size.widthPx} x ${size.heightPx} pixels, ${manifest.dim} values"
}

private const val BYTES_PER_MB = 1e6
private const val ADDED_PHOTOS = "Each model has a gallery of its own. Photos that were added on this phone are " +
    "described for it when it is chosen; one that is deleted goes out of all galleries."

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
