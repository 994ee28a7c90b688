// Start, gallery, benchmark and about screen: from state to content.

import ActnetCore
import Foundation

/// Shown instead of every other screen while there is no model and gallery; nil where there is.
func startContent(_ state: StartState) -> ScreenContent? {
    switch state {
    case .opening:
        ScreenContent(title: "Mobile-ACTNET", blocks: [.paragraph("Opening model and gallery")])
    case .refused(let sentence, let gallery):
        ScreenContent(
            title: "Mobile-ACTNET", blocks: [.problem(sentence)] + (gallery ? restore : []))
    case .ready: nil
    }
}

private let restore: [Block] = [
    .button("Put the app's own gallery back", .restoreGallery),
    .paragraph("Photos that were added on this phone are then described again."),
]

/// The gallery: what is in it, what is being added, what could not be.
func galleryContent(_ state: GalleryState) -> ScreenContent {
    switch state {
    case .opening:
        ScreenContent(title: "Gallery", blocks: [.paragraph("Opening the gallery")])
    case .open(let gallery):
        ScreenContent(title: "Gallery", blocks: openBlocks(gallery))
    }
}

private func openBlocks(_ gallery: OpenGallery) -> [Block] {
    let info = gallery.info
    let head: [Block] =
        [.heading(countsText(gallery.counts))]
        + (gallery.sentence.map { [.problem($0)] } ?? [])
        + indexingBlocks(gallery)
    let made = Block.paragraph(
        "\(info.model.dim) values of \(info.storage.rawValue) a picture, from \(info.model.file); "
            + "made by \(info.madeBy)")
    let rows = gallery.pictures.map { picture in
        Block.pictureRow(picture, detail: "\(picture.widthPx) x \(picture.heightPx)")
    }
    let problems = gallery.problems.map { Block.problem("\($0.path): \($0.reason)") }
    return head + [addPhotos, made] + rows + problems
}

private func countsText(_ counts: GalleryCounts) -> String {
    let labels = counts.labels == 0 ? "" : ", \(counts.labels) labels"
    return switch counts.pictures {
    case 0: "The gallery is empty"
    case 1: "1 picture\(labels)"
    default: "\(counts.pictures) pictures\(labels)"
    }
}

private func indexingBlocks(_ gallery: OpenGallery) -> [Block] {
    if let progress = gallery.progress {
        return [
            .progress(
                "Describing photo \(progress.done + 1) of \(progress.total)",
                share: Double(progress.done) / Double(progress.total)),
            .button("Stop", .stopIndexing),
        ]
    }
    guard gallery.waiting > 0 else { return [] }
    return [
        .paragraph("Waiting to be described: \(gallery.waiting)"),
        .button("Go on", .goOnIndexing),
    ]
}

/// The benchmark: what it measures, how far it is, what came out.
func benchmarkContent(_ state: BenchmarkState) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .idle:
            [
                .paragraph(
                    "Measures each stage with a generated photo, then the model alone. "
                        + "The live camera rests.")
            ] + measure
        case .running(let share):
            [.progress("Measuring", share: share), .button("Stop", .stopMeasuring)]
        case .failed(let sentence): [.problem(sentence)] + measure
        case .done(let result, let file):
            resultBlocks(result) + [.share("Share the report", file: file)] + measure
        }
    return ScreenContent(title: "Benchmark", blocks: blocks)
}

private let measure: [Block] = [
    .button("Measure", .measure(sustainedS: 0)),
    .button("Measure 5 minutes without pause", .measure(sustainedS: 300)),
]

private func resultBlocks(_ result: BenchmarkResult) -> [Block] {
    let stages = result.stages.named.map { name, summary in
        Block.paragraph(
            "\(name): median \(ms(summary.p50Ms)) ms, 90 % within \(ms(summary.p90Ms)) ms, "
                + "\(summary.count) runs")
    }
    guard let last = result.windows.last, let slowdown = result.slowdown else { return stages }
    let sustained = Block.paragraph(
        "the model after \(Int(last.atS)) s: \(decimals(slowdown, 2)) times its first median")
    return stages + [sustained]
}

/// What the app is, whose work it stands on, and what the self-test found.
func aboutContent(_ manifest: Manifest, _ selfTest: SelfTest) -> ScreenContent {
    let checkpoint = manifest.checkpoint
    return ScreenContent(
        title: "About",
        blocks: [
            .paragraph(
                "Mobile-ACTNET names what the camera sees by the nearest picture of a gallery. "
                    + "All of it happens on this phone: the app uses no network."),
            .heading("Model"),
            .paragraph(
                "\(manifest.name): \(manifest.precision), \(manifest.output.dim) values; weights "
                    + "\(checkpoint.name), licence \(checkpoint.licence). \(checkpoint.origin)"),
            .paragraph(
                "Self-test passed: cosine \(decimals(selfTest.cosine, 6)) with the manifest's "
                    + "golden descriptor."),
            .button("Run the self-test again", .runSelfTest),
            .heading("Licence"),
            .paragraph("Mobile-ACTNET: Apache License 2.0. No code of others is in the app."),
        ])
}
