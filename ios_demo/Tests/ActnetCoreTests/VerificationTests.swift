import Foundation
import XCTest

@testable import ActnetCore

/// A file of local features in tests/golden.
struct StoredFeatures: Decodable {
    let file: String
    let size: [Int]

    func features(in folder: String) throws -> LocalFeatures {
        let bytes = [UInt8](try Data(contentsOf: Golden.url(folder + "/" + file)))
        return try XCTUnwrap(LocalFeatures(widthPx: size[0], heightPx: size[1], bytes: bytes))
    }
}

final class VerificationTests: XCTestCase {
    private struct Pairs: Decodable {
        let tolerancePx: Double
        let pairs: [Pair]
    }

    private struct Pair: Decodable {
        let name: String
        let picture: StoredFeatures
        let photo: StoredFeatures
        let inliers: Int
        let outline: [[Double]]?
    }

    private struct Answers: Decodable {
        let gallery: String
        let shortlist: Int
        let verifiedFrom: Double
        let answers: [Answer]
    }

    private struct Answer: Decodable {
        let photo: StoredFeatures
        let views: [[Float]]
        let hits: [GoldenHit]
    }

    private struct GoldenHit: Decodable {
        let id: Int64
        let similarity: Double
        let inliers: Int?
        let verified: Bool
        let outline: [[Double]]?
    }

    private func assertOutline(
        _ found: [Place]?, _ expected: [[Double]]?, within tolerance: Double, _ name: String
    ) {
        XCTAssertEqual(found == nil, expected == nil, name)
        for (place, corner) in zip(found ?? [], expected ?? []) {
            XCTAssertEqual(place.x, corner[0], accuracy: tolerance, name)
            XCTAssertEqual(place.y, corner[1], accuracy: tolerance, name)
        }
    }

    func testFindsTheGoldenPairs() throws {
        let index = try Golden.index(Pairs.self, "verification/index.json")
        XCTAssertGreaterThan(index.pairs.count, 9)
        for pair in index.pairs {
            let verifier = try PhotoVerifier(pair.photo.features(in: "verification"))
            let found = try verifier.verify(pair.picture.features(in: "verification"))
            XCTAssertEqual(found.inliers, pair.inliers, pair.name)
            assertOutline(found.outline, pair.outline, within: index.tolerancePx, pair.name)
        }
    }

    func testGivesTheGoldenAnswers() throws {
        let index = try Golden.index(Answers.self, "answers/index.json")
        XCTAssertEqual(index.shortlist, VerifiedSearch.shortlist)
        let model = try Golden.index(GoldenGalleries.self, "gallery/index.json").model.model
        let url = Golden.url("answers/" + index.gallery)
        let gallery = try GalleryReader(url, place: .bundle, describedBy: model)
        XCTAssertTrue(gallery.hasLocalFeatures)
        XCTAssertEqual(gallery.verifiedFrom, index.verifiedFrom)
        let database = try gallery.load()
        for answer in index.answers {
            let photo = try PhotoVerifier(answer.photo.features(in: "answers"))
            let hits = try gallery.hits(
                answer.views, in: database, photo: photo, top: answer.hits.count)
            XCTAssertEqual(hits.map(\.id), answer.hits.map(\.id))
            for (hit, golden) in zip(hits, answer.hits) {
                XCTAssertEqual(hit.similarity, golden.similarity)
                XCTAssertEqual(hit.verification?.inliers, golden.inliers)
                XCTAssertEqual(hit.isVerified(from: gallery.verifiedFrom), golden.verified)
                assertOutline(
                    hit.verification?.outline, golden.outline, within: 0.5, answer.photo.file)
            }
            let plain = try gallery.hits(answer.views, in: database, photo: nil, top: 5)
            let similar = answer.hits.sorted {
                $0.similarity == $1.similarity ? $0.id < $1.id : $0.similarity > $1.similarity
            }
            XCTAssertEqual(plain.map(\.id), similar.prefix(5).map(\.id))
            XCTAssertTrue(plain.allSatisfy { $0.verification == nil && $0.certainty == 0 })
        }
    }

    func testReadsLocalFeaturesAsTheyWereStored() throws {
        let model = try Golden.index(GoldenGalleries.self, "gallery/index.json").model.model
        let url = Golden.url("answers/gallery.sqlite")
        let gallery = try GalleryReader(url, place: .bundle, describedBy: model)
        let features = try XCTUnwrap(try gallery.localFeatures(9))
        XCTAssertEqual([features.widthPx, features.heightPx, features.count], [180, 240, 344])
        let stored = try Data(contentsOf: Golden.url("verification/upright_picture.bin"))
        XCTAssertEqual(features.bytes, [UInt8](stored))
        XCTAssertEqual(try gallery.localFeatures(15)?.count, 0)
        XCTAssertNil(try gallery.localFeatures(1))
        let old = try GalleryReader(
            Golden.url("gallery/int8.sqlite"), place: .bundle, describedBy: model)
        XCTAssertFalse(old.hasLocalFeatures)
        XCTAssertEqual(old.verifiedFrom, VerifiedHit.verifiedFrom)
        XCTAssertNil(try old.item(ofPicture: 3))
        XCTAssertNil(try old.localFeatures(3))
    }

    /// Runs a test on a copy of the gallery after a statement.
    private func after(_ sql: String, _ test: (URL, GalleryModel) throws -> Void) throws {
        let scratch = try ScratchFolder()
        let url = scratch.file("shop.sqlite")
        try FileManager.default.copyItem(at: Golden.url("answers/gallery.sqlite"), to: url)
        let connection = try SQLiteConnection(path: url.path, query: "mode=rw")
        try connection.execute("PRAGMA ignore_check_constraints = ON; \(sql)")
        try test(url, Golden.index(GoldenGalleries.self, "gallery/index.json").model.model)
    }

    func testAPageShowsTheLargePictureAndNotTheThumbnail() throws {
        try after("INSERT INTO page_picture VALUES (9, x'FFD8FFD9')") { url, model in
            let gallery = try GalleryReader(url, place: .bundle, describedBy: model)
            let large = Data([0xff, 0xd8, 0xff, 0xd9])
            XCTAssertEqual(try gallery.pagePicture(9), large)
            XCTAssertNil(try gallery.pagePicture(15))
            let pair = GalleryPair(shipped: gallery, added: gallery)
            XCTAssertEqual(try pair.pagePicture(9), large)
            XCTAssertEqual(try pair.pagePicture(GalleryPair.firstAdded + 9), large)
        }
        let model = try Golden.index(GoldenGalleries.self, "gallery/index.json").model.model
        let old = try GalleryReader(
            Golden.url("gallery/int8.sqlite"), place: .bundle, describedBy: model)
        XCTAssertNil(try old.pagePicture(9))
    }

    func testReadsItemsWithTheirFields() throws {
        struct Index: Decodable {
            let items: [String: Item]
        }
        struct Item: Decodable {
            let name: String
            let fields: [String: [String: String]]
        }
        let index = try JSONDecoder().decode(
            Index.self, from: Data(contentsOf: Golden.url("answers/index.json")))
        XCTAssertEqual(index.items.count, 2)
        try after("SELECT 1") { url, model in
            let gallery = try GalleryReader(url, place: .folder, describedBy: model)
            for (id, golden) in index.items {
                let found = try gallery.item(ofPicture: XCTUnwrap(Int64(id)))
                XCTAssertEqual(found, GalleryItem(name: golden.name, fields: golden.fields))
            }
            XCTAssertEqual(try gallery.item(ofPicture: 21)?.fields["de"]?["title"], "Plakat")
            XCTAssertNil(try gallery.item(ofPicture: 1))
        }
    }

    func testLeavesAThresholdThatCannotBeAside() throws {
        for value in ["", "many", "-1", "0", "inf", "nan"] {
            let sql = "UPDATE setting SET value = '\(value)' WHERE name = 'verified_from'"
            try after(sql) { url, model in
                let gallery = try GalleryReader(url, place: .folder, describedBy: model)
                XCTAssertEqual(gallery.verifiedFrom, VerifiedHit.verifiedFrom, value)
            }
        }
    }

    func testRefusesImpossibleLocalFeatures() throws {
        let kind = "UPDATE setting SET value = 'orb 1' WHERE name = 'local_features'"
        try after(kind) { url, model in
            assertThrows(GalleryError.otherLocalFeatures("shop.sqlite", kind: "orb 1")) {
                _ = try GalleryReader(url, place: .folder, describedBy: model)
            }
        }
        let changes = [
            "features = x'0102'", "features = 'text'", "width_px = 0", "height_px = 4096",
            "width_px = 'wide'", "width_px = 9999999999",
        ]
        for change in changes {
            try after("UPDATE local_features SET \(change) WHERE picture_id = 9") { url, model in
                let gallery = try GalleryReader(url, place: .folder, describedBy: model)
                let expected = GalleryError.damaged(
                    "shop.sqlite", reason: "a picture's local features cannot be")
                assertThrows(expected) { _ = try gallery.localFeatures(9) }
            }
        }
        XCTAssertNil(LocalFeatures(widthPx: 1, heightPx: 1, bytes: [0]))
    }

    func testANewContentHasNothingOfTheOld() throws {
        try after("SELECT 1") { url, model in
            let writer = try GalleryWriter(url, describedBy: model)
            var descriptor = [Float](repeating: 0, count: 16)
            descriptor[0] = 1
            try writer.store([
                DescribedPhoto(
                    path: "drawn/p09.png", sizeBytes: 1, mtimeNs: 1, sha256: Data(count: 32),
                    widthPx: 8, heightPx: 8, label: nil, descriptor: descriptor, thumbnail: nil)
            ])
            let gallery = try GalleryReader(url, place: .folder, describedBy: model)
            XCTAssertNil(try gallery.localFeatures(9))
            XCTAssertNotNil(try gallery.localFeatures(21))
        }
    }

    func testInliersAreWorthALogarithm() {
        func hit(_ id: Int64, _ similarity: Double, _ inliers: Int?) -> VerifiedHit {
            VerifiedHit(
                id: id, similarity: similarity, row: 0,
                verification: inliers.map { Verification(inliers: $0, outline: nil) })
        }
        XCTAssertEqual(hit(1, 0.5, nil).score(largest: 0.6), 0.5)
        XCTAssertEqual(hit(1, 0.5, 3).score(largest: 0.6), 0.5)
        XCTAssertEqual(hit(1, 0.5, 10).score(largest: 0.6), 0.5 + 0.15 * log(8))
        XCTAssertEqual(hit(1, 0.5, 60).score(largest: 0.6), hit(1, 0.5, 25).score(largest: 0.6))
        let ordered = VerifiedSearch.inFusedOrder([hit(1, 0.6, 0), hit(3, 0.5, 9), hit(2, 0.5, 9)])
        XCTAssertEqual(ordered.map(\.id), [2, 3, 1])
        XCTAssertEqual(VerifiedSearch.inFusedOrder([]), [])
        for (first, second, rises) in [
            (0.69, 0.5, true), (0.69, 0.48, false), (0.7, 0.68, true), (0.7, 0.66, false),
        ] {
            let two = VerifiedSearch.inFusedOrder([hit(1, first, 0), hit(2, second, 25)])
            XCTAssertEqual(two.map(\.id), rises ? [2, 1] : [1, 2], "\(first), \(second)")
        }
        let hits = [hit(1, 0.5, 7), hit(1, -0.5, 7), hit(1, 0.5, nil)]
        XCTAssertEqual(hits.map(\.certainty), [3.5, 0, 0])
        XCTAssertTrue(hits[0].isVerified(from: 3.5))
        XCTAssertFalse(hits[0].isVerified(from: 3.6))
    }
}
