import Foundation
import XCTest

@testable import ActnetCore

/// Local features by the C code, held to those that OpenCV finds.
final class FeatureExtractorTests: XCTestCase {
    private struct Index: Decodable {
        let background: UInt8
        let near: Near
        let leastShare: Double
        let mostMedianBits: Int
        let pictures: [Drawn]
    }

    private struct Near: Decodable {
        let position: Int
        let size: Int
        let angle: Int
    }

    private struct Drawn: Decodable {
        let size: [Int]
        let rectangles: [[Int]]
        let sidePx: Int
        let count: Int
        let reducedSize: [Int]
        let file: String
    }

    private struct Feature {
        let x: Int
        let y: Int
        let size: Int
        let angle: Int
        let code: ArraySlice<UInt8>
    }

    private func extractor() throws -> FeatureExtractor {
        let weights = Golden.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("mobile_actnet/weights")
        return try FeatureExtractor(
            codes: Data(
                contentsOf: weights.appendingPathComponent(FeatureExtractor.codesFile)))
    }

    /// Rectangles, later ones above.
    private func picture(_ drawn: Drawn, _ background: UInt8) throws -> RgbPicture {
        let (width, height) = (drawn.size[0], drawn.size[1])
        var bytes = [UInt8](repeating: background, count: 3 * width * height)
        for box in drawn.rectangles {
            for y in box[1]..<max(box[1], min(height, box[1] + box[3])) {
                for x in box[0]..<max(box[0], min(width, box[0] + box[2])) {
                    for channel in 0..<3 {
                        bytes[3 * (y * width + x) + channel] = UInt8(box[4 + channel])
                    }
                }
            }
        }
        return try XCTUnwrap(RgbPicture(width: width, height: height, bytes: bytes))
    }

    private func features(_ stored: LocalFeatures) -> [Feature] {
        let (count, bytes) = (stored.count, stored.bytes)
        let wide = { Int(bytes[$0]) + 256 * Int(bytes[$0 + 1]) }
        return (0..<count).map { k in
            Feature(
                x: wide(2 * k), y: wide(2 * (count + k)), size: Int(bytes[4 * count + k]),
                angle: Int(bytes[5 * count + k]),
                code: bytes[6 * count + 16 * k..<6 * count + 16 * k + 16])
        }
    }

    /// Differing bits of the most alike feature at the same place; nil where there is none.
    private func nearestBits(_ one: Feature, _ all: [Feature], _ near: Near) -> Int? {
        all.filter { other in
            let (right, down) = (other.x - one.x, other.y - one.y)
            let turn = abs(((other.angle - one.angle + 128) & 255) - 128)
            return right * right + down * down <= near.position * near.position
                && abs(other.size - one.size) <= near.size && turn <= near.angle
        }.map { zip(one.code, $0.code).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount } }.min()
    }

    func testFeaturesAreThoseOfOpenCV() throws {
        let index = try Golden.index(Index.self, "extraction/index.json")
        let extractor = try extractor()
        for drawn in index.pictures {
            let found = try extractor.features(
                of: picture(drawn, index.background),
                Extraction(sidePx: drawn.sidePx, count: drawn.count))
            let stored = [UInt8](try Data(contentsOf: Golden.url("extraction/" + drawn.file)))
            let expected = try XCTUnwrap(
                LocalFeatures(
                    widthPx: drawn.reducedSize[0], heightPx: drawn.reducedSize[1], bytes: stored))
            XCTAssertEqual(found.widthPx, expected.widthPx)
            XCTAssertEqual(found.heightPx, expected.heightPx)
            let all = features(found)
            let bits = features(expected).compactMap { nearestBits($0, all, index.near) }.sorted()
            XCTAssertGreaterThanOrEqual(
                Double(bits.count), index.leastShare * Double(expected.count), drawn.file)
            XCTAssertLessThanOrEqual(bits[bits.count / 2], index.mostMedianBits)
        }
        XCTAssertEqual(
            Set(index.pictures.map(\.sidePx)),
            [Extraction.photo.sidePx, Extraction.gallery.sidePx])
        XCTAssertEqual(
            Set(index.pictures.map(\.count)), [Extraction.photo.count, Extraction.gallery.count])
    }

    /// A picture in its own photo is found by its features, where another one is a little more similar.
    func testAPictureIsFoundInItsPhoto() throws {
        let index = try Golden.index(Index.self, "extraction/index.json")
        let extractor = try extractor()
        let shown = try picture(index.pictures[1], index.background)
        let scratch = try ScratchFolder()
        let gallery = FakeGallery(
            features: [2: try extractor.features(of: shown, .gallery)], without: 3)
        let url = scratch.file("own.sqlite")
        try GalleryWriter.create(
            at: url, model: Samples.model, storage: .int8, thumbnailSidePx: 0, madeBy: "test")
        try GalleryWriter(url, describedBy: Samples.model).store([
            Samples.photo("a", angle: 0), Samples.photo("b", angle: 0.5),
            Samples.photo("c", angle: 1),
        ])
        let database = try GalleryReader(url, place: .folder, describedBy: Samples.model).load()
        let search = try PhotoSearch(
            gallery, database, photo: extractor.features(of: shown, .photo))
        let view = [Float(cos(0.2)), Float(sin(0.2))]
        let found = try search.matches([view, view], top: 3, shortlist: 5)
        XCTAssertEqual(found.map(\.picture.id), [2, 1, 3])
        let proof = try XCTUnwrap(found[0].proof)
        XCTAssertGreaterThan(proof.inliers, 40)
        XCTAssertTrue(proof.isVerified && found[0].isAnswer(from: 2))
        XCTAssertTrue(search.isCertain(found))
        for (place, corner) in zip(proof.outline ?? [], [(0.0, 0.0), (1, 0), (1, 1), (0, 1)]) {
            XCTAssertEqual(place.x, corner.0, accuracy: 0.02)
            XCTAssertEqual(place.y, corner.1, accuracy: 0.02)
        }
        XCTAssertEqual(proof.outline?.count, 4)
        XCTAssertEqual(found[1].proof, Proof.none)
        XCTAssertFalse(found[1].isAnswer(from: 0.1))
        // The third has no features, and is judged by its similarity.
        XCTAssertNil(found[2].proof)
        XCTAssertTrue(found[2].isAnswer(from: 0.5))
        XCTAssertEqual(Verdict(found.suffix(2), threshold: 0.5), .similar([found[2]]))
        XCTAssertFalse(found[2].unproven.isAnswer(from: 0.5))
    }

    func testWhatAreNoCodesIsToldAndAPlainPictureHasNoFeatures() throws {
        assertThrows(
            EngineError.features(
                reason: "these 9 bytes are no codes; give local_codes.safetensors")
        ) {
            _ = try FeatureExtractor(codes: Data(count: 9))
        }
        let plain = try XCTUnwrap(
            RgbPicture(width: 40, height: 30, bytes: [UInt8](repeating: 9, count: 3600)))
        XCTAssertEqual(try extractor().features(of: plain, .photo).count, 0)
    }

    func testACameraStandsStillFromItsSecondFrameOn() {
        var steadiness = Steadiness()
        XCTAssertFalse(steadiness.take([1, 0]))
        XCTAssertTrue(steadiness.take([0.96, 0.28]))
        XCTAssertFalse(steadiness.take([0, 1]))
        XCTAssertTrue(steadiness.take([0, 1]))
        steadiness.reset()
        XCTAssertFalse(steadiness.take([0, 1]))
    }
}

/// Three pictures, of which one has features and one has none at all.
private struct FakeGallery: PictureSource {
    let features: [Int64: LocalFeatures]
    let without: Int64
    var hasLocalFeatures: Bool { true }
    var verifiedFrom: Double { 3.5 }

    func picture(_ id: Int64) throws -> GalleryPicture? {
        GalleryPicture(id: id, path: "\(id)", label: nil, widthPx: 1, heightPx: 1)
    }

    func localFeatures(_ id: Int64) throws -> LocalFeatures? {
        id == without ? nil : features[id] ?? LocalFeatures(widthPx: 9, heightPx: 9, bytes: [])
    }

    func item(ofPicture id: Int64) throws -> GalleryItem? { nil }
}
