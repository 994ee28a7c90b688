@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// Adding photos to the gallery and deleting them, whatever happens meanwhile.
final class GalleryTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        demo.open()
        await demo.finished()
        return demo
    }

    @MainActor
    private func gallery(_ demo: Demo, line: UInt = #line) throws -> OpenGallery {
        var found: OpenGallery?
        if case .open(let gallery) = demo.state.gallery { found = gallery }
        return try XCTUnwrap(found, "the gallery is not open", line: line)
    }

    @MainActor
    private func add(_ demo: Demo, _ photos: [Picked]) async {
        demo.add(photos)
        await demo.finished()
    }

    private func waiting(_ phone: FakePhone) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: phone.waiting.path)
    }

    @MainActor
    func testWhatIsAddedIsFoundAndKept() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, try [10, 11, 10].map(phone.picked))
        let shown = try gallery(demo)
        XCTAssertEqual(demo.state.screen, .gallery)
        // The same photo is added once.
        XCTAssertEqual(shown.counts.pictures, FakePhone.pictures + 2)
        XCTAssertEqual(shown.waiting, 0)
        XCTAssertNil(shown.sentence)
        XCTAssertNil(shown.progress)
        XCTAssertEqual(try waiting(phone), [])
        demo.look(at: try phone.picked(11))
        await demo.finished()
        guard case .found(_, let figures) = demo.state.results else {
            return XCTFail("\(demo.state.results)")
        }
        let matches = figures.matches
        XCTAssertEqual(matches.first?.similarity ?? 0, 1, accuracy: 1e-12)
        let best = try XCTUnwrap(matches.first?.picture)
        XCTAssertTrue(best.path.hasPrefix("added/"))
        let thumbnail = await demo.thumbnail(best.id)
        XCTAssertEqual(thumbnail, Data([11]))
        let again = await opened(phone)
        XCTAssertEqual(try gallery(again).counts.pictures, FakePhone.pictures + 2)
    }

    @MainActor
    func testProgressIsTold() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        let told = Locked<[IndexProgress]>([])
        demo.onChange {
            if case .open(let gallery) = demo.state.gallery, let progress = gallery.progress {
                told.change { $0.append(progress) }
            }
        }
        await add(demo, try [10, 11].map(phone.picked))
        XCTAssertEqual(
            told.value, [IndexProgress(done: 0, total: 2), IndexProgress(done: 1, total: 2)])
    }

    @MainActor
    func testAPhotoThatCannotBeDecodedIsNamedAndTheOthersGoOn() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, try [10, nil, 11].map(phone.picked))
        let shown = try gallery(demo)
        XCTAssertEqual(shown.counts.pictures, FakePhone.pictures + 2)
        XCTAssertEqual(
            shown.problems.map(\.reason),
            ["The photo cannot be decoded: it is empty. Choose another picture."])
        XCTAssertEqual(try waiting(phone), [])
    }

    @MainActor
    func testAPhotoThatCannotBeReadNowWaits() async throws {
        let phone = try FakePhone()
        await add(Demo(phone), [try phone.picked(10)])
        let name = try XCTUnwrap(try waiting(phone).first)
        let photo = phone.waiting.appendingPathComponent(name)
        let aside = phone.caches.appendingPathComponent(name)
        // As unreadable as a locked phone's file, for every user: a folder.
        try move(photo, to: aside)
        try FileManager.default.createDirectory(at: photo, withIntermediateDirectories: false)
        let demo = await opened(phone)
        for _ in 0..<3 {
            _ = demo.perform(.goOnIndexing)
            await demo.finished()
        }
        let locked = try gallery(demo)
        XCTAssertEqual(locked.waiting, 1)
        XCTAssertEqual(locked.problems, [])
        let sentence = try XCTUnwrap(locked.sentence)
        XCTAssertTrue(sentence.hasPrefix("The photo cannot be read now: "), sentence)
        XCTAssertTrue(sentence.hasSuffix("Nothing is lost. Unlock the phone and try again."))
        try FileManager.default.removeItem(at: photo)
        try move(aside, to: photo)
        _ = demo.perform(.goOnIndexing)
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 1)
        XCTAssertEqual(try waiting(phone), [])
    }

    @MainActor
    func testWhatThePickerCannotHandOverIsToldByItsPlace() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        let cloud = Picked.failure(.photoNotHanded(.inCloud))
        await add(demo, [cloud, try phone.picked(10), cloud, .failure(.photoNotHanded(.nothing))])
        XCTAssertEqual(
            try gallery(demo).sentence,
            """
            Photo 1, 3 of 4: The photo cannot be read: it lies in iCloud and cannot be downloaded \
            now. Open it in Photos once where there is a network, or choose another.
            Photo 4 of 4: The photo cannot be read: the system gave no picture. Choose another.
            """)
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 1)
        _ = demo.perform(.goOnIndexing)
        await demo.finished()
        XCTAssertNil(try gallery(demo).sentence)
    }

    func testICloudPlaceholdersAreKnownByTheSystemsErrors() {
        let photos = { (code: Int) in NSError(domain: "PHPhotosErrorDomain", code: code) }
        let wrapped = NSError(
            domain: "NSItemProviderErrorDomain", code: -1000,
            userInfo: [NSUnderlyingErrorKey: photos(3169)])
        for error in [photos(3164), wrapped, URLError(.notConnectedToInternet) as NSError] {
            XCTAssertEqual(HandingFailure(error), .inCloud)
        }
        guard case .other = HandingFailure(photos(3300)) else { return XCTFail("not in iCloud") }
    }

    @MainActor
    func testPhotosPickedBeforeTheGalleryIsOpenAreDescribedThen() async throws {
        let phone = try FakePhone()
        let demo = Demo(phone)
        await add(demo, [try phone.picked(10), .failure(.photoNotHanded(.nothing))])
        demo.open()
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 1)
        XCTAssertTrue(try XCTUnwrap(try gallery(demo).sentence).hasPrefix("Photo 2 of 2: "))
    }

    @MainActor
    func testStoppedIndexingGoesOnWithWhatIsLeft() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        demo.onChange {
            if case .open(let gallery) = demo.state.gallery, gallery.progress?.done == 1 {
                _ = demo.perform(.stopIndexing)
            }
        }
        await add(demo, try [10, 11, 12].map(phone.picked))
        let stopped = try gallery(demo)
        // The photo that was begun is finished.
        XCTAssertEqual(stopped.waiting + stopped.counts.pictures, FakePhone.pictures + 3)
        XCTAssertGreaterThan(stopped.waiting, 0)
        XCTAssertNil(stopped.progress)
        demo.onChange {}
        _ = demo.perform(.goOnIndexing)
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 3)
    }

    @MainActor
    func testAProcessKilledWhileDescribingGoesOnAtTheNextStart() async throws {
        let phone = try FakePhone()
        let copies = Locked<[FakePhone]>([])
        let demo = await opened(phone)
        phone.whileDecoding = { _ in
            // What lies on the disk at this moment is all that a killed app leaves.
            if let copy = try? FakePhone(killed: phone) { copies.change { $0.append(copy) } }
        }
        await add(demo, try [10, 11].map(phone.picked))
        XCTAssertEqual(copies.value.count, 2)
        for killed in copies.value {
            let next = await opened(killed)
            XCTAssertEqual(try gallery(next).counts.pictures, FakePhone.pictures + 2)
            XCTAssertEqual(try waiting(killed), [])
        }
    }

    @MainActor
    func testAProcessKilledBetweenStoringAndMovingStoresOnce() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, [try phone.picked(10)])
        let name = try XCTUnwrap(
            try FileManager.default.contentsOfDirectory(
                atPath: phone.folder.appendingPathComponent("photos").path
            ).first)
        try move(
            phone.folder.appendingPathComponent("photos/\(name)"),
            to: phone.waiting.appendingPathComponent(name))
        let next = await opened(phone)
        XCTAssertEqual(try gallery(next).counts.pictures, FakePhone.pictures + 1)
        XCTAssertEqual(try waiting(phone), [])
    }

    @MainActor
    func testAPhotoThatKillsTheAppTwiceIsNotTriedAgain() async throws {
        var phone = try FakePhone()
        let first = Demo(phone)
        await add(first, try [10, 11].map(phone.picked))
        for _ in 0..<2 {
            let killed = Locked<FakePhone?>(nil)
            phone.whileDecoding = { [phone] photo in
                guard killed.value == nil, photo == Data([10]) else { return }
                killed.change { $0 = try? FakePhone(killed: phone) }
            }
            _ = await opened(phone)
            phone = try XCTUnwrap(killed.value)
        }
        let next = await opened(phone)
        let shown = try gallery(next)
        XCTAssertEqual(shown.counts.pictures, FakePhone.pictures + 1)
        XCTAssertEqual(
            shown.problems.map(\.reason),
            ["The app ended 2 times while it described this photo. Choose another."])
        XCTAssertEqual(try waiting(phone), [])
    }

    @MainActor
    func testAHalfCopiedPhotoIsRemoved() async throws {
        let phone = try FakePhone()
        let inbox = PhotoInbox(folder: phone.folder)
        XCTAssertThrowsError(
            try inbox.add { part in
                try Data([1, 2]).write(to: part)
                throw CocoaError(.fileWriteOutOfSpace)
            }
        ) { XCTAssertEqual($0 as? AppError, .cannotStore("The photo", .full)) }
        XCTAssertEqual(try waiting(phone), [])
        try Data([1]).write(to: phone.waiting.appendingPathComponent("x.part"))
        XCTAssertEqual(inbox.waiting(), [])
        XCTAssertEqual(try waiting(phone), [])
    }

    @MainActor
    func testAModelThatFailsEndsTheRunAndLosesNothing() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        phone.facts.change { $0.modelFails = .failed(reason: "busy") }
        for _ in 0..<3 { await add(demo, try [10, 11].map(phone.picked)) }
        let failed = try gallery(demo)
        XCTAssertEqual(failed.waiting, 2)
        XCTAssertTrue(try XCTUnwrap(failed.sentence).contains("The model failed: busy."))
        phone.facts.change { $0.modelFails = nil }
        _ = demo.perform(.goOnIndexing)
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 2)
    }

    @MainActor
    func testADeletedPictureIsGone() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, [try phone.picked(10)])
        let thing = try XCTUnwrap(try gallery(demo).things.first)
        let photo = try XCTUnwrap(demo.photo(thing.path))
        _ = demo.perform(.showPicture(thing.pictureId))
        await demo.finished()
        XCTAssertEqual(demo.state.picture?.photo, photo)
        _ = demo.perform(.delete(thing.path))
        await demo.finished()
        XCTAssertNil(demo.state.picture)
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures)
        XCTAssertFalse(FileManager.default.fileExists(atPath: photo.path))
        demo.look(at: try phone.picked(10))
        await demo.finished()
        guard case .found(_, let figures) = demo.state.results else {
            return XCTFail("\(demo.state.results)")
        }
        let matches = figures.matches
        XCTAssertLessThan(matches.first?.similarity ?? 0, 0.5)
    }

    @MainActor
    func testPathsOfAGalleryDoNotLeadOutOfTheFolder() async throws {
        let phone = try FakePhone()
        let inbox = PhotoInbox(folder: phone.folder)
        for path in ["added/../gallery.sqlite", "added/", "shop/p4.jpg", "added/.."] {
            XCTAssertNil(inbox.photo(path))
            XCTAssertFalse(PhotoInbox.isAdded(path))
            inbox.delete(path)
        }
    }

    @MainActor
    func testAPhotoOfThePhoneHasTheNameThatItIsGiven() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, [try phone.picked(10)])
        let added = try XCTUnwrap(try gallery(demo).things.first)
        XCTAssertEqual(added.title, "")
        _ = demo.perform(.showPicture(added.pictureId))
        await demo.finished()
        XCTAssertEqual(demo.state.shown.title, english("gallery_own"))
        demo.write(.name, " My cup ")
        _ = demo.perform(.rename(added.path))
        await demo.finished()
        XCTAssertEqual(demo.state.picture?.thing.title, "My cup")
        XCTAssertEqual(try gallery(demo).things.first?.title, "My cup")
        // The name outlives the gallery, as photos are described again for a newer model.
        try FileManager.default.removeItem(at: phone.ownGallery)
        let next = await opened(phone)
        XCTAssertEqual(try gallery(next).things.first?.title, "My cup")
        _ = next.perform(.showPicture(try XCTUnwrap(try gallery(next).things.first).pictureId))
        await next.finished()
        next.write(.name, "  ")
        _ = next.perform(.rename(added.path))
        await next.finished()
        XCTAssertEqual(try gallery(next).things.first?.title, "")
    }

    @MainActor
    func testWhatWasAddedLastCanBeTakenBack() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, [try phone.picked(10)])
        await add(demo, try [11, 12].map(phone.picked))
        XCTAssertTrue(try gallery(demo).undoable)
        _ = demo.perform(.undoAdding)
        await demo.finished()
        XCTAssertEqual(try gallery(demo).counts.pictures, FakePhone.pictures + 1)
        XCTAssertFalse(try gallery(demo).undoable)
        let photos = try FileManager.default.contentsOfDirectory(
            atPath: phone.folder.appendingPathComponent("photos").path)
        XCTAssertEqual(photos.count, 1)
    }

    @MainActor
    func testTheGalleryIsSearchedByTitleAndShownInPages() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, try (7...60).map { try phone.picked($0) })
        XCTAssertEqual(try gallery(demo).things.count, 50)
        XCTAssertEqual(try gallery(demo).matching, FakePhone.pictures + 54)
        _ = demo.perform(.showMore)
        await demo.finished()
        XCTAssertEqual(try gallery(demo).things.count, FakePhone.pictures + 54)
        demo.write(.search, "moby")
        XCTAssertEqual(try gallery(demo).words, "moby")
        await demo.finished()
        XCTAssertEqual(try gallery(demo).things.map(\.title), ["Moby Dick"])
        XCTAssertEqual(try gallery(demo).matching, 1)
        demo.write(.search, "")
        await demo.finished()
        XCTAssertEqual(try gallery(demo).things.count, 50)
    }

    @MainActor
    func testAProblemOfAPhotoCanBeDeletedWithThePhoto() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        await add(demo, [try phone.picked(nil)])
        let problem = try XCTUnwrap(try gallery(demo).problems.first)
        let photo = try XCTUnwrap(demo.photo(problem.path))
        _ = demo.perform(.delete(problem.path))
        await demo.finished()
        XCTAssertEqual(try gallery(demo).problems, [])
        XCTAssertFalse(FileManager.default.fileExists(atPath: photo.path))
    }
}
