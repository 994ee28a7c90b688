/* Start, gallery, benchmark and about screen: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.PhotoInbox
import org.mobileactnet.Problem

/**
 * Shown instead of every other screen while there is no model and gallery.
 *
 * @param several whether there is another model to choose.
 */
fun startContent(state: StartState, several: Boolean, words: Words): ScreenContent? = when (state) {
    is StartState.Opening -> ScreenContent(words("app"), listOf(Block.Paragraph(openingText(state, words))))

    is StartState.Refused -> ScreenContent(
        words("app"),
        listOf(Block.Problem(words("refused")), Block.Paragraph(words("refused_text"))) +
            Block.Paragraph(words("details", state.sentence)) +
            (if (state.gallery) restore(words) else emptyList()) +
            if (several) listOf(Block.Paragraph(words("refused_models"))) else emptyList()
    )

    is StartState.Ready -> null
}

internal fun openingText(state: StartState.Opening, words: Words): String =
    if (state.model == null) words("opening") else words("opening_model", state.model)

private fun restore(words: Words) = listOf(
    Block.Button(words("restore"), Action.RestoreGallery),
    Block.Paragraph(words("restore_text"))
)

/** The gallery: what is in it, what is being added, what could not be. */
fun galleryContent(state: GalleryState, settings: Settings, words: Words): ScreenContent = ScreenContent(
    words("screen_gallery"),
    when (state) {
        GalleryState.Opening -> listOf(Block.Paragraph(words("opening")))
        is GalleryState.Open -> openBlocks(state, settings, words)
    }
)

private fun openBlocks(state: GalleryState.Open, settings: Settings, words: Words): List<Block> =
    listOf(Block.Heading(countsText(state, words))) +
        state.sentence?.let { problem("gallery_failed", it, words) }.orEmpty() +
        indexingBlocks(state, words) +
        Block.Field(words("gallery_search"), state.words, Input.SEARCH) +
        state.things.map { row(it, Action.ShowPicture(it.pictureId), words) } +
        (if (state.things.size < state.matching) listOf(more(words)) else emptyList()) +
        Block.Button(words("gallery_add"), Action.AddPhotos) +
        (if (state.undoable) listOf(Block.Button(words("gallery_undo"), Action.UndoAdding)) else emptyList()) +
        (if (settings.developer) listOf(Block.Paragraph(galleryFigures(state.info))) else emptyList()) +
        state.problems.flatMap { problemBlocks(it, words) }

private fun more(words: Words) = Block.Button(words("gallery_more"), Action.ShowMore)

/** A photo of this phone stays for other models until someone deletes it. */
private fun problemBlocks(problem: Problem, words: Words): List<Block> {
    val ofPhone = PhotoInbox.isAdded(problem.path)
    val name = if (ofPhone) words("gallery_own") else problem.path // Nobody wants to read 32 digits.
    val delete = Block.Button(words("item_delete"), Action.Delete(problem.path))
    return listOf(
        Block.Problem(words("gallery_problem", name)),
        Block.Paragraph(words("details", problem.reason))
    ) + if (ofPhone) listOf(delete) else emptyList()
}

private fun countsText(state: GalleryState.Open, words: Words): String {
    val all = state.counts.pictures
    return when {
        all == 0L -> words("empty")
        state.words.isNotBlank() -> words("gallery_found", state.matching, all)
        all == 1L -> words("gallery_one")
        else -> words("gallery_many", all)
    }
}

private fun indexingBlocks(state: GalleryState.Open, words: Words): List<Block> {
    val progress = state.progress
    return when {
        progress != null -> listOf(
            Block.Progress(
                words("gallery_progress", progress.done + 1, progress.total),
                progress.done / progress.total.toDouble()
            ),
            Block.Button(words("gallery_stop"), Action.StopIndexing)
        )

        state.waiting > 0 -> listOf(
            Block.Paragraph(words("gallery_waiting", state.waiting)),
            Block.Button(words("gallery_go_on"), Action.GoOnIndexing)
        )

        else -> emptyList()
    }
}

/** The benchmark: what it measures, how far it is, what came out. */
fun benchmarkContent(state: BenchmarkState, words: Words): ScreenContent {
    val blocks = when (state) {
        BenchmarkState.Idle -> listOf(Block.Paragraph(words("benchmark_text"))) + measure(words)

        is BenchmarkState.Running -> listOf(
            Block.Progress(words("benchmark_running"), state.share),
            Block.Button(words("gallery_stop"), Action.StopMeasuring)
        )

        is BenchmarkState.Failed -> problem("benchmark_failed", state.sentence, words) + measure(words)

        is BenchmarkState.Done -> listOf(Block.Heading(state.model)) + resultBlocks(state.result) +
            listOfNotNull(state.saved?.let { Block.Paragraph(it) }) +
            Block.Button(words("benchmark_save"), Action.ExportReport) + measure(words)
    }
    return ScreenContent(words("screen_benchmark"), blocks)
}

private fun measure(words: Words) = listOf(
    Block.Button(words("benchmark_measure"), Action.Measure(0)),
    Block.Button(words("benchmark_long"), Action.Measure(300))
)

/** What the app is, whose work it stands on, and what the self-test found. */
fun aboutContent(ready: StartState.Ready, models: ModelsState, words: Words): ScreenContent {
    val manifest = ready.manifest
    return ScreenContent(
        words("screen_about"),
        listOf(
            Block.Paragraph(words("about_text")),
            Block.Heading(words("about_model")),
            Block.Paragraph(
                words(
                    "about_weights",
                    models.used ?: manifest.name,
                    manifest.precision,
                    manifest.dim,
                    manifest.checkpointName,
                    manifest.licence,
                    manifest.origin
                )
            ),
            Block.Paragraph(words("about_tested", decimals(ready.selfTest.cosine, 6))),
            Block.Button(words("about_test"), Action.RunSelfTest),
            Block.Heading(words("about_licences")),
            Block.Paragraph(words("about_licences_android"))
        )
    )
}
