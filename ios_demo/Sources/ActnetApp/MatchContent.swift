// What live and photo screen say of matches and times.

import ActnetCore

/// The blocks of a ranking; one below the threshold is named as such, not hidden.
func matchBlocks(_ matches: [Match], threshold: Double) -> [Block] {
    switch Verdict(matches, threshold: threshold) {
    case .emptyGallery:
        [.heading("The gallery is empty"), addPhotos]
    case .similar(let similar):
        similar.map(row)
    case .nothingSimilar(let nearest) where nearest.proof != nil:
        [
            .heading("Nothing of the gallery is in the photo"),
            .paragraph("The most similar picture:"),
            row(nearest),
        ]
    case .nothingSimilar(let nearest):
        [
            .heading("Nothing similar in the gallery"),
            .paragraph("The nearest is less than \(decimals(threshold, 2)) similar:"),
            row(nearest),
        ]
    }
}

/// What the live screen says: it stays for a while when a frame says otherwise.
func sightBlocks(_ sight: Sight) -> [Block] {
    let rows = { (ids: [Int64]) in
        ids.compactMap { id in sight.named.first { $0.picture.id == id } }.map(row)
    }
    return switch sight.sighting {
    case .looking: [.heading("Hold a thing of the gallery before the camera")]
    case .maybe(let candidates):
        [.heading("Is it one of these?")] + rows(candidates.map(\.pictureId))
    case .verified(let answer, _): rows([answer.pictureId])
    }
}

let addPhotos = Block.button("Add photos", .ask(.photos))
let pickPhoto = Block.button("Pick a photo", .ask(.photo))

private func row(_ match: Match) -> Block {
    let alike = match.alike == 0 ? "" : ", and \(match.alike) nearly the same"
    let places = match.proof.map { ", \($0.inliers) places agree" } ?? ""
    return .pictureRow(
        match.picture, detail: "similarity \(decimals(match.similarity, 3))\(places)\(alike)")
}

/// Milliseconds of each stage.
func timesText(_ times: StageTimes) -> String {
    "decode \(ms(times.decodeMs)), resize \(ms(times.resizeMs)), model \(ms(times.inferenceMs)), "
        + (times.verificationMs > 0
            ? "verification \(ms(times.verificationMs))" : "search \(ms(times.searchMs))")
        + ", together \(ms(times.totalMs)) ms"
}

func ms(_ value: Double) -> String {
    decimals(value, value < 10 ? 1 : 0)
}
