/* Start, gallery, benchmark and about screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.core.BenchmarkResult
import org.mobileactnet.core.GalleryCounts
import org.mobileactnet.core.PhotoInbox
import org.mobileactnet.core.Problem
import org.mobileactnet.core.SelfTest
import org.mobileactnet.core.Summary

/**
 * Shown instead of every other screen while there is no model and gallery.
 *
 * @param several whether there is another model to choose.
 */
fun startContent(state: StartState, several: Boolean): ScreenContent? = when (state) {
    is StartState.Opening -> ScreenContent("Mobile-ACTNET", listOf(Block.Paragraph(openingText(state))))

    is StartState.Refused -> ScreenContent(
        "Mobile-ACTNET",
        listOf(Block.Problem(state.sentence)) + (if (state.gallery) restore else emptyList()) +
            if (several) listOf(Block.Paragraph("The settings have another model to choose.")) else emptyList()
    )

    is StartState.Ready -> null
}

internal fun openingText(state: StartState.Opening): String =
    if (state.model == null) "Opening model and gallery" else "Opening the model ${state.model} and its gallery"

private val restore = listOf(
    Block.Button("Put the app's own gallery back", Action.RestoreGallery),
    Block.Paragraph("Photos that were added on this phone are then described again.")
)

/** The gallery: what is in it, what is being added, what could not be. */
fun galleryContent(state: GalleryState): ScreenContent = when (state) {
    GalleryState.Opening -> ScreenContent("Gallery", listOf(Block.Paragraph("Opening the gallery")))
    is GalleryState.Open -> ScreenContent("Gallery", openBlocks(state))
}

private fun openBlocks(state: GalleryState.Open): List<Block> {
    val info = state.info
    return listOf(Block.Heading(countsText(state.counts))) +
        listOfNotNull(state.sentence?.let { Block.Problem(it) }) +
        indexingBlocks(state) +
        Block.Button("Add photos", Action.AddPhotos) +
        Block.Paragraph(
            "${info.dim} values of ${info.storage.word} a picture, from ${info.modelFile}; " +
                "made by ${info.madeBy}"
        ) +
        state.pictures.map {
            val size = "${it.widthPx} x ${it.heightPx}"
            Block.PictureRow(it.id, it.path, it.title, size, Action.ShowPicture(it.id))
        } +
        state.problems.flatMap(::problemBlocks)
}

/** A photo of this phone stays for other models until someone deletes it. */
private fun problemBlocks(problem: Problem): List<Block> {
    val sentence = Block.Problem("${problem.path}: ${problem.reason}")
    if (!PhotoInbox.isAdded(problem.path)) return listOf(sentence)
    return listOf(sentence, Block.Button("Delete this photo", Action.Delete(problem.path)))
}

private fun countsText(counts: GalleryCounts): String {
    val labels = if (counts.labels == 0L) "" else ", ${counts.labels} labels"
    return when (counts.pictures) {
        0L -> "The gallery is empty"
        1L -> "1 picture$labels"
        else -> "${counts.pictures} pictures$labels"
    }
}

private fun indexingBlocks(state: GalleryState.Open): List<Block> {
    val progress = state.progress
    return when {
        progress != null -> listOf(
            Block.Progress(
                "Describing photo ${progress.done + 1} of ${progress.total}",
                progress.done / progress.total.toDouble()
            ),
            Block.Button("Stop", Action.StopIndexing)
        )

        state.waiting > 0 -> listOf(
            Block.Paragraph("Waiting to be described: ${state.waiting}"),
            Block.Button("Go on", Action.GoOnIndexing)
        )

        else -> emptyList()
    }
}

/** The benchmark: what it measures, how far it is, what came out. */
fun benchmarkContent(state: BenchmarkState): ScreenContent {
    val blocks = when (state) {
        BenchmarkState.Idle -> listOf(
            Block.Paragraph(
                "Measures each stage with a generated photo, then the model alone. " +
                    "The live camera rests."
            )
        ) + measure

        is BenchmarkState.Running -> listOf(
            Block.Progress("Measuring", state.share),
            Block.Button("Stop", Action.StopMeasuring)
        )

        is BenchmarkState.Failed -> listOf(Block.Problem(state.sentence)) + measure

        is BenchmarkState.Done -> listOf(Block.Heading(state.model)) + resultBlocks(state.result) +
            listOfNotNull(state.saved?.let { Block.Paragraph(it) }) +
            Block.Button("Save the report", Action.ExportReport) + measure
    }
    return ScreenContent("Benchmark", blocks)
}

private val measure = listOf(
    Block.Button("Measure", Action.Measure(0)),
    Block.Button("Measure 5 minutes without pause", Action.Measure(300))
)

private fun resultBlocks(result: BenchmarkResult): List<Block> =
    result.summaries.map { (stage, summary) -> Block.Paragraph("$stage: ${summaryText(summary)}") } +
        listOfNotNull(
            result.slowdown?.let {
                val seconds = result.windows.last().atS.toInt()
                Block.Paragraph("the model after $seconds s: ${decimals(it, 2)} times its first median")
            }
        )

private fun summaryText(summary: Summary) =
    "median ${ms(summary.p50Ms)} ms, 90 % within ${ms(summary.p90Ms)} ms, ${summary.count} runs"

/** What the app is, whose work it stands on, and what the self-test found. */
fun aboutContent(ready: StartState.Ready, models: ModelsState): ScreenContent {
    val manifest = ready.manifest
    return ScreenContent(
        "About",
        listOf(
            Block.Paragraph(
                "Mobile-ACTNET names what the camera sees by the nearest picture of a gallery. " +
                    "All of it happens on this phone: the app has no permission for any network."
            ),
            Block.Heading("Model"),
            Block.Paragraph(
                "${models.used ?: manifest.name}: ${manifest.precision}, ${manifest.dim} values; weights " +
                    "${manifest.checkpointName}, licence ${manifest.licence}. ${manifest.origin}"
            ),
            Block.Paragraph(selfTestText(ready.selfTest)),
            Block.Button("Run the self-test again", Action.RunSelfTest),
            Block.Heading("Licences"),
            Block.Paragraph("Mobile-ACTNET, Kotlin and its coroutines, LiteRT: Apache License 2.0.")
        )
    )
}

private fun selfTestText(selfTest: SelfTest): String =
    "Self-test passed: cosine ${decimals(selfTest.cosine, 6)} with the manifest's golden descriptor."
