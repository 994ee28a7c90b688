import Foundation
import XCTest

@testable import ActnetCore

final class GalleryWriterTests: XCTestCase {
    private var scratch: ScratchFolder?

    override func setUpWithError() throws { scratch = try ScratchFolder() }

    override func tearDown() { scratch = nil }

    private func place() throws -> URL {
        try XCTUnwrap(scratch).file("own.sqlite")
    }

    private func create(_ storage: Storage = .int8) throws -> GalleryWriter {
        let url = try place()
        try GalleryWriter.create(
            at: url, model: Samples.model, storage: storage, thumbnailSidePx: 32, madeBy: "test")
        return try GalleryWriter(url, describedBy: Samples.model)
    }

    private func read() throws -> GalleryReader {
        try GalleryReader(place(), place: .folder, describedBy: Samples.model)
    }

    private func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: try XCTUnwrap(scratch).url.path)
    }

    func testMakesTheTablesOfTheGoldenGalleries() throws {
        let golden = try SQLiteConnection(
            path: Golden.url("gallery/int8.sqlite").path, query: "mode=ro&immutable=1")
        _ = try create()
        let own = try SQLiteConnection(path: place().path, query: "mode=ro")
        XCTAssertEqual(try tables(own, dim: 2), try tables(golden, dim: 16))
        for mark in ["application_id", "user_version", "journal_mode", "encoding"] {
            XCTAssertEqual(try words(own, "PRAGMA \(mark)"), try words(golden, "PRAGMA \(mark)"))
        }
        XCTAssertEqual(try leftovers(), ["own.sqlite"])
    }

    private func tables(_ connection: SQLiteConnection, dim: Int) throws -> String {
        try words(connection, "SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
            .replacingOccurrences(of: "length(descriptor) = \(dim)", with: "length(descriptor)")
    }

    private func words(_ connection: SQLiteConnection, _ sql: String) throws -> String {
        var found: [String] = []
        try connection.run(sql) { row in
            found.append(row.text(0) ?? row.integer(0).map(String.init) ?? "")
        }
        return found.joined(separator: " ").split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }

    func testWhatIsStoredIsFound() throws {
        for storage in Storage.allCases {
            let writer = try create(storage)
            let ids = try writer.store([
                Samples.photo("a.jpg", angle: 0, label: "Äpfel \u{1F34E}"),
                Samples.photo("sub/b.jpg", angle: 1), Samples.photo("c.jpg", angle: 2),
            ])
            XCTAssertEqual(ids, [1, 2, 3])
            let gallery = try read()
            XCTAssertEqual(gallery.info.storage, storage)
            XCTAssertEqual(try gallery.revision(), 1)
            let hits = try gallery.load().search([cos(0.9), sin(0.9)], top: 2)
            XCTAssertEqual(hits.map(\.id), [2, 1])
            XCTAssertEqual(hits[0].similarity, cos(0.1), accuracy: storage == .int8 ? 6e-3 : 1e-3)
            XCTAssertEqual(try gallery.picture(1)?.label, "Äpfel \u{1F34E}")
            XCTAssertEqual(try gallery.thumbnail(2), Data("jpeg of sub/b.jpg".utf8))
            XCTAssertEqual(try leftovers(), ["own.sqlite"])
        }
    }

    func testNewContentReplacesAndDeletingRemovesAll() throws {
        let writer = try create()
        let ids = try writer.store([
            Samples.photo("a", angle: 0), Samples.photo("b", angle: 1),
        ])
        XCTAssertEqual(try writer.store([Samples.photo("a", angle: 2, label: "new")]), [ids[0]])
        XCTAssertEqual(try read().count(), 2)
        XCTAssertEqual(try read().picture(ids[0])?.label, "new")
        try writer.delete([ids[0], 77])
        XCTAssertEqual(try read().pictures(limit: 9).map(\.id), [ids[1]])
        XCTAssertNil(try read().thumbnail(ids[0]))
        XCTAssertEqual(try read().revision(), 3)
    }

    func testAllPhotosOfACallOrNone() throws {
        let writer = try create()
        try writer.store([Samples.photo("a", angle: 0)])
        let wrong = DescribedPhoto(
            path: "c", sizeBytes: 0, mtimeNs: 0, sha256: Data(repeating: 0, count: 32), widthPx: 1,
            heightPx: 1, label: nil, descriptor: [3, 4], thumbnail: nil)
        assertThrows(DescriptorError.notOfLengthOne(5)) {
            try writer.store([Samples.photo("b", angle: 1), wrong])
        }
        XCTAssertEqual(try read().pictures(limit: 9).map(\.path), ["a"])
        XCTAssertEqual(try read().revision(), 1)
    }

    func testRefusesAnotherModelAndWhatIsMissing() throws {
        assertThrows(GalleryError.missing("own.sqlite")) {
            _ = try GalleryWriter(place(), describedBy: Samples.model)
        }
        _ = try create()
        let other = GalleryModel(
            file: "m", format: "coreml", precision: "fp32", sha256: "cd",
            preprocessingName: "pillow-bilinear", preprocessingVersion: 1, heightPx: 64,
            widthPx: 96, dim: 2)
        assertThrows(
            GalleryError.otherModel("own.sqlite", field: "model_sha256", theirs: "ab", ours: "cd")
        ) { _ = try GalleryWriter(place(), describedBy: other) }
    }

    func testAFullDiskKeepsWhatWasStored() throws {
        let writer = try create()
        try writer.store([Samples.photo("a", angle: 0)])
        // The file may not grow any more, as on a full disk.
        try writer.limitPages()
        let many = (0..<200).map { Samples.photo("p\($0)", angle: 0.01 * Float($0)) }
        assertThrows(GalleryError.full("own.sqlite")) { try writer.store(many) }
        XCTAssertEqual(try read().pictures(limit: 9).map(\.path), ["a"])
    }

    func testASecondWriterIsToldAndReadersGoOn() throws {
        let writer = try create()
        try writer.store([Samples.photo("a", angle: 0)])
        let other = try SQLiteConnection(path: place().path, query: "mode=rw")
        try other.execute("BEGIN IMMEDIATE")
        try writer.limitWaiting()
        assertThrows(GalleryError.busy("own.sqlite")) { try writer.delete([1]) }
        XCTAssertEqual(try read().count(), 1)
        try other.execute("ROLLBACK")
        try writer.delete([1])
        XCTAssertEqual(try read().count(), 0)
    }

    func testWhatAKilledWriterLeftIsRolledBack() throws {
        let writer = try create()
        try writer.store((0..<50).map { Samples.photo("p\($0)", angle: 0.01 * Float($0)) })
        let url = try place()
        // A copy of file and journal in the middle of a change is what a kill leaves.
        let other = try SQLiteConnection(path: url.path, query: "mode=rw")
        try other.execute("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE")
        try other.execute("UPDATE picture SET path = path || hex(zeroblob(2000))")
        let killed = try XCTUnwrap(scratch).file("killed.sqlite")
        let manager = FileManager.default
        try manager.copyItem(atPath: url.path, toPath: killed.path)
        try manager.copyItem(atPath: url.path + "-journal", toPath: killed.path + "-journal")
        try other.execute("ROLLBACK")
        XCTAssertNotEqual(try Data(contentsOf: killed), try Data(contentsOf: url))
        assertThrows(GalleryError.unfinished("killed.sqlite")) {
            _ = try GalleryReader(killed, place: .bundle, describedBy: Samples.model)
        }
        let opened = try GalleryWriter(killed, describedBy: Samples.model)
        try opened.store([Samples.photo("q", angle: 3)])
        let after = try GalleryReader(killed, place: .folder, describedBy: Samples.model)
        XCTAssertEqual(try after.count(), 51)
        XCTAssertEqual(try after.picture(1)?.path, "p0")
        XCTAssertFalse(manager.fileExists(atPath: killed.path + "-journal"))
    }

    func testAFolderThatCannotBeWrittenIsASentence() throws {
        let nowhere = try XCTUnwrap(scratch).file("none/own.sqlite")
        XCTAssertThrowsError(
            try GalleryWriter.create(
                at: nowhere, model: Samples.model, storage: .int8, thumbnailSidePx: 0, madeBy: "t")
        ) { error in
            guard case GalleryError.notWritable("own.sqlite", _) = error else {
                return XCTFail("\(error)")
            }
            assertHelps(error)
        }
    }
}
