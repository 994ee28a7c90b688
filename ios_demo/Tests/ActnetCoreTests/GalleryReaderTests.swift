import Foundation
import XCTest

@testable import ActnetCore

final class GalleryReaderTests: XCTestCase {
    private var index = GoldenGalleries.empty

    override func setUpWithError() throws {
        index = try Golden.index(GoldenGalleries.self, "gallery/index.json")
    }

    private func open(
        _ url: URL, _ place: GalleryPlace = .bundle, model: GalleryModel? = nil
    ) throws -> GalleryReader {
        try GalleryReader(url, place: place, describedBy: model ?? index.model.model)
    }

    func testStoresQueriesAsTheGoldenOnes() throws {
        for golden in index.galleries {
            let storage = try XCTUnwrap(Storage(rawValue: golden.storage))
            for (number, query) in index.queries.enumerated() {
                let stored = try StoredDescriptors(query, as: storage)
                let scale = golden.queryScales[number]
                switch stored.values {
                case .int8(let values):
                    XCTAssertEqual(values.map(Double.init), golden.queryValues[number])
                    XCTAssertEqual(stored.scales, [scale])
                case .float16(let values):
                    XCTAssertEqual(values.map(Double.init), golden.queryValues[number])
                    XCTAssertEqual(stored.scales[0], scale, accuracy: 1e-15)
                }
            }
        }
    }

    func testRanksAsTheGoldenFilesSay() throws {
        XCTAssertEqual(index.galleries.map(\.storage).sorted(), ["float16", "int8"])
        for golden in index.galleries {
            let url = Golden.url("gallery/" + golden.file)
            for place in [GalleryPlace.bundle, .folder] {
                let gallery = try open(url, place)
                let database = try gallery.load()
                XCTAssertEqual(database.count, try gallery.count())
                for (query, ranking) in zip(index.queries, golden.rankings) {
                    let hits = try database.search(query, top: ranking.count)
                    XCTAssertEqual(hits.map(\.id), ranking.map(\.id))
                    for (hit, expected) in zip(hits, ranking) {
                        // int8: the same bits. float16: as docs/gallery.md allows.
                        let tolerance = golden.storage == "int8" ? 0 : 2e-6
                        XCTAssertEqual(
                            hit.similarity, expected.similarity, accuracy: tolerance)
                        XCTAssertEqual(try gallery.picture(hit.id)?.path, expected.path)
                    }
                }
            }
        }
    }

    func testReadsPicturesAndThumbnails() throws {
        let gallery = try open(Golden.url("gallery/int8.sqlite"))
        XCTAssertEqual(gallery.info.thumbnailSidePx, 32)
        let picture = try XCTUnwrap(try gallery.picture(3))
        XCTAssertEqual(picture.path, "drawn/p03.png")
        XCTAssertEqual(picture.title, "p03.png")
        XCTAssertEqual([picture.widthPx, picture.heightPx], [32, 24])
        XCTAssertEqual(try gallery.thumbnail(3)?.prefix(2), Data([0xFF, 0xD8]))
        XCTAssertNil(try gallery.picture(99))
        XCTAssertNil(try gallery.thumbnail(99))
        XCTAssertEqual(try gallery.problems().count, 0)
        let all = try gallery.pictures(limit: 100).map(\.id)
        XCTAssertEqual(all, Array(1...24))
        XCTAssertEqual(try gallery.pictures(after: 20, limit: 3).map(\.id), [21, 22, 23])
    }

    func testRefusesEveryGalleryThatTheDocumentRefuses() throws {
        XCTAssertGreaterThan(index.refused.count, 10)
        for refused in index.refused {
            let url = Golden.url("gallery/refused/" + refused.file)
            XCTAssertThrowsError(try open(url).load(), refused.file) { error in
                XCTAssertEqual(rule(error), refused.rule, "\(refused.file): \(error)")
                assertHelps(error)
            }
        }
    }

    /// The rule of docs/gallery.md that an error stands for.
    private func rule(_ error: Error) -> Int? {
        switch error as? GalleryError {
        case .missing: 1
        case .notAGallery(_, let isSQLite): isSQLite ? 2 : 1
        case .otherVersion: 3
        case .malformed: 4
        case .badDescriptor: 5
        case .otherModel: 6
        default: nil
        }
    }

    func testRefusesWhatIsMissing() throws {
        let scratch = try ScratchFolder()
        assertThrows(GalleryError.missing("g.sqlite")) { _ = try open(scratch.file("g.sqlite")) }
        let folder = GalleryError.notAGallery(scratch.url.lastPathComponent, isSQLite: false)
        assertThrows(folder) { _ = try open(scratch.url) }
    }

    func testRefusesAnUnfinishedGalleryWhereItCannotBeRolledBack() throws {
        let scratch = try ScratchFolder()
        // SQLite's file URIs give ?, # and % a meaning.
        let url = scratch.file("a ?b#c%41;d.sqlite")
        try FileManager.default.copyItem(at: Golden.url("gallery/int8.sqlite"), to: url)
        XCTAssertEqual(try open(url).count(), 24)
        try Data("x".utf8).write(to: scratch.file("a ?b#c%41;d.sqlite-journal"))
        assertThrows(GalleryError.unfinished("a ?b#c%41;d.sqlite")) { _ = try open(url) }
        XCTAssertEqual(try open(url, .folder).count(), 24)
    }

    func testRefusesPathsOutOfTheFolderOfPhotos() throws {
        let scratch = try ScratchFolder()
        let damaged = GalleryError.damaged(
            "g.sqlite", reason: "a path leads out of the folder of photos")
        for path in ["'../private.jpg'", "'/etc/x.jpg'", "'a/../../x.jpg'", "'a//b.jpg'"] {
            let url = scratch.file("g.sqlite")
            try? FileManager.default.removeItem(at: url)
            try FileManager.default.copyItem(at: Golden.url("gallery/int8.sqlite"), to: url)
            try SQLiteConnection(path: url.path, query: "mode=rw").execute(
                "UPDATE picture SET path = \(path) WHERE id = 7")
            let gallery = try open(url)
            XCTAssertNoThrow(try gallery.picture(6))
            assertThrows(damaged) { _ = try gallery.picture(7) }
            assertThrows(damaged) { _ = try gallery.pictures(limit: 100) }
        }
    }

    func testDamagedGalleriesNeverCrash() throws {
        let scratch = try ScratchFolder()
        let url = scratch.file("g.sqlite")
        var numbers = SeededNumbers(state: 5)
        var refused = 0
        for golden in index.galleries {
            let whole = try Data(contentsOf: Golden.url("gallery/" + golden.file))
            for _ in 0..<300 {
                try damaged(whole, &numbers).write(to: url)
                do {
                    let gallery = try open(url)
                    let hits = try gallery.load().search(index.queries[0], top: 3)
                    for hit in hits {
                        _ = try gallery.picture(hit.id)
                        _ = try gallery.thumbnail(hit.id)
                    }
                    _ = try gallery.problems()
                } catch {
                    refused += 1
                    assertHelps(error)
                }
            }
        }
        XCTAssertGreaterThan(refused, 100)
    }
}

/// The index of tests/golden/gallery.
struct GoldenGalleries: Decodable {
    static let empty = GoldenGalleries(queries: [], galleries: [], model: Model(), refused: [])

    let queries: [[Float]]
    let galleries: [Gallery]
    let model: Model
    let refused: [Refused]

    struct Gallery: Decodable {
        let file: String
        let storage: String
        let queryValues: [[Double]]
        let queryScales: [Double]
        let rankings: [[Ranked]]
    }

    struct Ranked: Decodable {
        let id: Int64
        let path: String
        let similarity: Double
    }

    struct Refused: Decodable {
        let file: String
        let rule: Int
    }

    struct Model: Decodable {
        var modelFile = ""
        var modelFormat = ""
        var modelPrecision = ""
        var modelSha256 = ""
        var preprocessingName = ""
        var preprocessingVersion = 0
        var heightPx = 0
        var widthPx = 0
        var dim = 0

        var model: GalleryModel {
            GalleryModel(
                file: modelFile, format: modelFormat, precision: modelPrecision,
                sha256: modelSha256, preprocessingName: preprocessingName,
                preprocessingVersion: preprocessingVersion, heightPx: heightPx, widthPx: widthPx,
                dim: dim)
        }
    }
}
