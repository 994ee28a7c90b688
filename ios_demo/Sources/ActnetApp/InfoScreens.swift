// Start, gallery, benchmark and about screen: from state to content.

import Actnet
import Foundation

/// Shown instead of every other screen while there is no model and gallery; nil where there is.
///
/// - Parameter several: whether there is another model to choose.
func startContent(_ state: StartState, several: Bool, _ words: Words) -> ScreenContent? {
    switch state {
    case .opening(let model):
        ScreenContent(title: words("app"), blocks: [.paragraph(openingText(model, words))])
    case .refused(let sentence, let gallery):
        ScreenContent(
            title: words("app"),
            blocks: stacked(
                [.problem(words("refused")), .paragraph(words("refused_text"))],
                [.paragraph(words("details", sentence))], gallery ? restore(words) : [],
                several ? [.paragraph(words("refused_models"))] : []))
    case .ready: nil
    }
}

func openingText(_ model: String?, _ words: Words) -> String {
    model.map { words("opening_model", $0) } ?? words("opening")
}

private func restore(_ words: Words) -> [Block] {
    [.button(words("restore"), .restoreGallery), .paragraph(words("restore_text"))]
}

/// The gallery: what is in it, what is being added, what could not be.
func galleryContent(_ state: GalleryState, _ settings: Settings, _ words: Words) -> ScreenContent {
    let blocks =
        switch state {
        case .opening: [Block.paragraph(words("opening"))]
        case .open(let gallery): openBlocks(gallery, settings, words)
        }
    return ScreenContent(title: words(Screen.gallery.key), blocks: blocks)
}

private func openBlocks(_ gallery: OpenGallery, _ settings: Settings, _ words: Words) -> [Block] {
    let rows = gallery.things.map { row($0, .showPicture($0.pictureId), words) }
    let more =
        gallery.things.count < gallery.matching
        ? [Block.button(words("gallery_more"), .showMore)] : []
    let undo =
        gallery.undoable ? [Block.button(words("gallery_undo"), .undoAdding)] : []
    let figures = settings.developer ? [Block.paragraph(galleryFigures(gallery.info))] : []
    let failed = gallery.sentence.map { problem("gallery_failed", $0, words) } ?? []
    return stacked(
        [.heading(countsText(gallery, words))], failed, indexingBlocks(gallery, words),
        [.field(label: words("gallery_search"), text: gallery.words, .search)], rows, more,
        [.button(words("gallery_add"), .ask(.photos))], undo, figures,
        gallery.problems.flatMap { problemBlocks($0, words) })
}

/// A photo of this phone stays for other models until someone deletes it.
private func problemBlocks(_ problem: GalleryProblem, _ words: Words) -> [Block] {
    let isOfPhone = PhotoInbox.isAdded(problem.path)
    return stacked(
        [
            // Nobody wants to read 32 digits.
            .problem(words("gallery_problem", isOfPhone ? words("gallery_own") : problem.path)),
            .paragraph(words("details", problem.reason)),
        ],
        isOfPhone ? [.button(words("item_delete"), .delete(problem.path))] : [])
}

private func countsText(_ gallery: OpenGallery, _ words: Words) -> String {
    let all = gallery.counts.pictures
    if all == 0 { return words("empty") }
    let isSearched = !gallery.words.trimmingCharacters(in: .whitespaces).isEmpty
    if isSearched { return words("gallery_found", gallery.matching, all) }
    return all == 1 ? words("gallery_one") : words("gallery_many", all)
}

private func indexingBlocks(_ gallery: OpenGallery, _ words: Words) -> [Block] {
    if let progress = gallery.progress {
        return [
            .progress(
                words("gallery_progress", progress.done + 1, progress.total),
                share: Double(progress.done) / Double(progress.total)),
            .button(words("gallery_stop"), .stopIndexing),
        ]
    }
    guard gallery.waiting > 0 else { return [] }
    return [
        .paragraph(words("gallery_waiting", gallery.waiting)),
        .button(words("gallery_go_on"), .goOnIndexing),
    ]
}

/// The benchmark: what it measures, how far it is, what came out.
func benchmarkContent(_ state: BenchmarkState, _ words: Words) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .idle: [.paragraph(words("benchmark_text"))] + measure(words)
        case .running(let share):
            [
                .progress(words("benchmark_running"), share: share),
                .button(words("gallery_stop"), .stopMeasuring),
            ]
        case .failed(let sentence): problem("benchmark_failed", sentence, words) + measure(words)
        case .done(let result, let file):
            stacked(
                resultBlocks(result), [.share(words("benchmark_save"), file: file)],
                measure(words))
        }
    return ScreenContent(title: words(Screen.benchmark.key), blocks: blocks)
}

private func measure(_ words: Words) -> [Block] {
    [
        .button(words("benchmark_measure"), .measure(sustainedS: 0)),
        .button(words("benchmark_long"), .measure(sustainedS: 300)),
    ]
}

/// What the app is, whose work it stands on, and what the self-test found.
func aboutContent(_ ready: Ready, _ models: ModelsState, _ words: Words) -> ScreenContent {
    let (manifest, checkpoint) = (ready.manifest, ready.manifest.checkpoint)
    return ScreenContent(
        title: words(Screen.about.key),
        blocks: [
            .paragraph(words("about_text")), .heading(words("about_model")),
            .paragraph(
                words(
                    "about_weights", models.used ?? manifest.name, manifest.precision,
                    manifest.output.dim, checkpoint.name, checkpoint.licence, checkpoint.origin)),
            .paragraph(words("about_tested", decimals(ready.selfTest.cosine, 6))),
            .button(words("about_test"), .runSelfTest), .heading(words("about_licences")),
            .paragraph(words("about_licences_ios")),
        ])
}
