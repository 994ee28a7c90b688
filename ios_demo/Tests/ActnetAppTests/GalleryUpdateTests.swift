@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// The gallery of the app and the photos of the phone through updates of the app.
final class GalleryUpdateTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        demo.open()
        await demo.finished()
        return demo
    }

    @MainActor
    private func gallery(_ demo: Demo) throws -> OpenGallery {
        guard case .open(let gallery) = demo.state.gallery else {
            throw AppError.cannotRead("\(demo.state.gallery) \(demo.state.start)")
        }
        return gallery
    }

    @MainActor
    private func addedPaths(_ demo: Demo) throws -> [String] {
        try gallery(demo).things.map(\.path).filter { $0.hasPrefix("added/") }
    }

    @MainActor
    private func withAdded(_ values: [UInt8]) async throws -> (FakePhone, [String]) {
        let phone = try FakePhone()
        let demo = await opened(phone)
        demo.add(try values.map(phone.picked))
        await demo.finished()
        return (phone, try addedPaths(demo))
    }

    /// The next app's gallery lacks a picture, and has another label.
    private func updateGallery(_ phone: FakePhone) throws {
        try phone.writeGallery()
        let path = phone.carried.appendingPathComponent("gallery.sqlite").path
        let connection = try SQLiteConnection(path: path, query: "mode=rw")
        try connection.execute(
            """
            DELETE FROM picture WHERE path = 'shop/p6.jpg';
            UPDATE picture SET label = 'of the update' WHERE path = 'shop/p5.jpg'
            """)
    }

    @MainActor
    func testAnUpdateOfTheAppBringsItsGalleryAndKeepsThePhonesPhotos() async throws {
        let (phone, paths) = try await withAdded([9])
        try updateGallery(phone)
        let decoded = Locked(0)
        phone.whileDecoding = { _ in decoded.change { $0 += 1 } }
        let next = await opened(phone)
        XCTAssertEqual(try gallery(next).counts.pictures, FakePhone.pictures)
        XCTAssertTrue(try gallery(next).things.contains { $0.title == "of the update" })
        XCTAssertEqual(try addedPaths(next), paths)
        XCTAssertEqual(decoded.value, 0)  // Not again: the model is the same.
        next.look(at: try phone.picked(9))
        await next.finished()
        guard case .found(_, let figures) = next.state.results else {
            return XCTFail("\(next.state.results)")
        }
        let matches = figures.matches
        XCTAssertEqual(matches.first?.picture.path, paths.first)
        let thumbnail = await next.thumbnail(try XCTUnwrap(matches.first).picture.id)
        XCTAssertEqual(thumbnail, Data([9]))
    }

    @MainActor
    func testAnUpdateOfModelAndGalleryDescribesThePhonesPhotosAgain() async throws {
        let (phone, paths) = try await withAdded([9, 10])
        try phone.updateModel("other weights")
        let decoded = Locked<[UInt8]>([])
        phone.whileDecoding = { photo in decoded.change { $0.append(photo[0]) } }
        let next = await opened(phone)
        XCTAssertTrue(next.state.start.isReady, "\(next.state.start)")
        XCTAssertEqual(decoded.value.sorted(), [9, 10])
        XCTAssertEqual(Set(try addedPaths(next)), Set(paths))
        XCTAssertEqual(try gallery(next).counts.pictures, FakePhone.pictures + 2)
    }

    @MainActor
    func testAProcessThatEndsBeforeThePhonesGalleryIsThereGoesOn() async throws {
        let (phone, paths) = try await withAdded([9])
        // As it is between letting the photos wait and the new file's name.
        try PhotoInbox(folder: phone.folder).waitAgain()
        try FileManager.default.removeItem(at: phone.ownGallery)
        try Data("half".utf8).write(to: phone.folder.appendingPathComponent(".x.actnet"))
        let next = await opened(phone)
        XCTAssertEqual(try addedPaths(next), paths)
        XCTAssertEqual(try gallery(next).counts.pictures, FakePhone.pictures + 1)
    }

    @MainActor
    func testTheOneFileOfAnOlderAppIsRemovedAndItsPhotosAreDescribedAgain() async throws {
        let (phone, paths) = try await withAdded([9])
        let older = phone.folder.appendingPathComponent("gallery.sqlite")
        try FileManager.default.moveItem(at: phone.ownGallery, to: older)
        let next = await opened(phone)
        XCTAssertEqual(try addedPaths(next), paths)
        XCTAssertFalse(FileManager.default.fileExists(atPath: older.path))
    }

    @MainActor
    func testPicturesOfTheAppsOwnGalleryAreNotDeleted() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        let own = try XCTUnwrap(try gallery(demo).things.first)
        _ = demo.perform(.delete(own.path))
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures)
    }

    func testAnEmptyGalleryHasTheTablesAndSettingsOfTheOther() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = Golden.url("answers/gallery.sqlite")
        let target = folder.appendingPathComponent("added.sqlite")
        try AddedGallery.create(at: target, like: source)
        let read = { (url: URL, sql: String) in
            var rows: [String] = []
            let connection = try SQLiteConnection(path: url.path, query: "mode=ro&immutable=1")
            try connection.run(sql) { row in rows.append("\(row.value(0)) \(row.value(1))") }
            return rows
        }
        for sql in [
            "SELECT name, value FROM setting ORDER BY name", "PRAGMA user_version",
            "SELECT name, sql FROM sqlite_master ORDER BY name",
        ] { XCTAssertEqual(try read(target, sql), try read(source, sql), sql) }
        XCTAssertEqual(
            try read(target, "SELECT count(*) FROM picture"), try read(target, "SELECT 0"))
    }
}
