import Foundation
import XCTest

@testable import ActnetCore

final class MatchingTests: XCTestCase {
    private func match(_ similarity: Double) -> Match {
        let picture = GalleryPicture(id: 1, path: "a", label: nil, widthPx: 1, heightPx: 1)
        return Match(picture: picture, similarity: similarity, alike: 0)
    }

    func testAVerdictFollowsTheThreshold() {
        XCTAssertEqual(Verdict([], threshold: 0), .emptyGallery)
        let matches = [match(0.7), match(0.5), match(0.3)]
        XCTAssertEqual(Verdict(matches, threshold: 0.5), .similar([match(0.7), match(0.5)]))
        XCTAssertEqual(Verdict(matches, threshold: 0.71), .nothingSimilar(nearest: match(0.7)))
    }

    func testNearDuplicatesAreOneMatchAndProblemsReplacePictures() throws {
        let scratch = try ScratchFolder()
        let url = scratch.file("own.sqlite")
        try GalleryWriter.create(
            at: url, model: Samples.model, storage: .float16, thumbnailSidePx: 32, madeBy: "test")
        let writer = try GalleryWriter(url, describedBy: Samples.model)
        try writer.store([
            Samples.photo("a", angle: 0, label: "one"),
            Samples.photo("b", angle: 0.1, label: "one"),
            Samples.photo("c", angle: 1, label: "two"), Samples.photo("d", angle: 2),
        ])
        let reader = try GalleryReader(url, place: .folder, describedBy: Samples.model)
        XCTAssertEqual(try reader.counts(), GalleryCounts(pictures: 4, labels: 2))
        XCTAssertEqual(try reader.latest(2).map(\.path), ["d", "c"])
        let found = try reader.matches([1, 0], in: reader.load(), top: 2)
        XCTAssertEqual(found.map(\.picture.path), ["a", "c"])
        XCTAssertEqual(found.map(\.alike), [1, 0])
        try writer.noteProblem(path: "a", reason: "truncated")
        try writer.noteProblem(path: "a", reason: "empty")
        XCTAssertEqual(try reader.problems(), [GalleryProblem(path: "a", reason: "empty")])
        XCTAssertEqual(try reader.counts().pictures, 3)
        XCTAssertNil(try reader.thumbnail(1))
        XCTAssertEqual(try reader.revision(), 3)
    }
}
