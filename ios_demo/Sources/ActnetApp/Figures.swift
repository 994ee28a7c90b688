// What developers want to know, in English as in reports: similarities, times, thresholds.

import Actnet

/// Matches and times of a search.
func figureBlocks(_ figures: Figures, _ framesPerSecond: Double?) -> [Block] {
    let rate = framesPerSecond.map { "\(decimals($0, 1)) frames a second; " } ?? ""
    let matches = figures.matches.map { match in
        let alike = match.alike == 0 ? "" : ", and \(match.alike) nearly the same"
        let places = match.proof.map { ", \($0.inliers) places agree" } ?? ""
        return "\(match.picture.path): similarity \(decimals(match.similarity, 3))\(places)\(alike)"
    }
    return (matches + [rate + timesText(figures.times)]).map { .paragraph($0) }
}

/// Which model is used, and where it runs.
func runFigures(_ ready: Ready, _ models: ModelsState) -> String {
    let place =
        switch ready.accelerator {
        case .all: "what Core ML finds fastest"
        case .neuralEngine: "the Neural Engine or the processor (Core ML)"
        case .gpu: "the GPU or the processor (Core ML)"
        case .cpu: "the processor (Core ML)"
        }
    let name = models.used ?? ready.manifest.name
    return "Model: \(name), \(ready.manifest.precision); it runs on \(place)."
}

/// Where a picture lies, and its size.
func pictureFigures(_ picture: GalleryPicture) -> String {
    "\(picture.path), \(picture.widthPx) x \(picture.heightPx) pixels"
}

/// What a gallery is made of.
func galleryFigures(_ info: GalleryInfo) -> String {
    "\(info.model.dim) values of \(info.storage.rawValue) a picture, from \(info.model.file); "
        + "made by \(info.madeBy)"
}

/// Milliseconds of each stage.
func timesText(_ times: StageTimes) -> String {
    "decode \(ms(times.decodeMs)), resize \(ms(times.resizeMs)), model \(ms(times.inferenceMs)), "
        + (times.verificationMs > 0
            ? "verification \(ms(times.verificationMs))" : "search \(ms(times.searchMs))")
        + ", together \(ms(times.totalMs)) ms"
}

func calibrationText(_ thresholds: AnswerThresholds, _ settings: Settings) -> String {
    let threshold = thresholds.at(settings.falseAnswers)
    return "At \(percent(threshold.falseAnswers)) the best match must have a similarity of "
        + "\(decimals(threshold.least, 2)) or more, where pictures have no local features. "
        + "Calibrated on made-up photos of the gallery's own pictures; real photos may do otherwise."
}

/// Each stage of a measurement, and what the model lost when it went on.
func resultBlocks(_ result: BenchmarkResult) -> [Block] {
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

func percent(_ share: Double) -> String { "\(decimals(100 * share, 0)) %" }

func ms(_ value: Double) -> String {
    decimals(value, value < 10 ? 1 : 0)
}
