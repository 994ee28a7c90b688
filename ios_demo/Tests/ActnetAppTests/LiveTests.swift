@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// The camera's frames, and photos to search with.
final class LiveTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        _ = demo.perform(.start)
        demo.open()
        await demo.finished()
        return demo
    }

    private func frame(_ value: UInt8) throws -> RgbPicture {
        try XCTUnwrap(
            RgbPicture(width: 2, height: 2, bytes: [UInt8](repeating: value, count: 12)))
    }

    /// Gives the live screen a frame, as the camera does.
    @MainActor
    private func see(_ value: UInt8, _ demo: Demo, _ phone: FakePhone) async throws {
        phone.facts.change { $0.ms += 1000 }
        XCTAssertTrue(demo.live.gate.begin())
        await demo.live.look(at: try frame(value), spentMs: 3)
    }

    @MainActor
    func testFramesAreRecognised() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        try await see(5, demo, phone)
        guard case .seeing(let first) = demo.state.live else { return XCTFail("sees nothing") }
        XCTAssertEqual(first.figures.matches.first?.picture.path, "shop/p5.jpg")
        XCTAssertNil(first.framesPerSecond)
        // 3 ms of copying, and the clock's 1 ms a look.
        XCTAssertEqual(first.figures.times.decodeMs, 4)
        try await see(5, demo, phone)
        guard case .seeing(let second) = demo.state.live else { return XCTFail("sees nothing") }
        XCTAssertEqual(second.framesPerSecond ?? 0, 1, accuracy: 0.1)
    }

    @MainActor
    func testOneFrameIsInWorkAtATime() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        XCTAssertTrue(demo.live.gate.begin())
        phone.facts.change { $0.ms += 5000 }
        XCTAssertFalse(demo.live.gate.begin())
        await demo.live.look(at: try frame(4), spentMs: 0)
        phone.facts.change { $0.ms += 30_000 }
        XCTAssertTrue(demo.live.gate.begin())
    }

    @MainActor
    func testAHotPhonePausesAndGoesOn() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        phone.facts.change { $0.level = .critical }
        demo.live.heatChanged()
        XCTAssertFalse(demo.live.gate.begin())
        XCTAssertEqual(demo.state.live, .paused)
        phone.facts.change { $0.level = .fair }
        demo.live.heatChanged()
        XCTAssertEqual(demo.state.live, .starting)
        try await see(4, demo, phone)
    }

    @MainActor
    func testAModelThatFailsIsASentenceAndTheNextFrameIsTried() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        phone.facts.change { $0.modelFails = .failed(reason: "no buffer") }
        try await see(4, demo, phone)
        guard case .failed(let sentence) = demo.state.live else { return XCTFail("no sentence") }
        XCTAssertTrue(sentence.hasPrefix("The model failed: no buffer."))
        phone.facts.change { $0.modelFails = nil }
        try await see(4, demo, phone)
        guard case .seeing = demo.state.live else { return XCTFail("sees nothing") }
    }

    @MainActor
    func testARefusedOrMissingCameraStaysUntilItStarts() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        demo.live.refused(mayAsk: false)
        try await see(4, demo, phone)
        XCTAssertEqual(demo.state.live, .noPermission(mayAsk: false))
        XCTAssertTrue(
            demo.state.shown.blocks.contains(
                .button(english("camera_settings"), .ask(.settings))))
        XCTAssertEqual(demo.perform(.ask(.settings)), .settings)
        demo.live.failed(AppError.noCamera.sentences)
        XCTAssertTrue(
            demo.state.shown.blocks.contains(
                .paragraph(
                    "Details: This phone has no camera that can be used. Choose a photo instead.")))
        demo.live.starting()
        try await see(4, demo, phone)
        guard case .seeing = demo.state.live else { return XCTFail("sees nothing") }
    }

    @MainActor
    func testTheCameraRestsWhileSomethingElseIsShownOrMeasured() async throws {
        let demo = await opened(try FakePhone())
        XCTAssertTrue(demo.state.wantsCamera)
        _ = demo.perform(.showPicture(1))
        await demo.finished()
        XCTAssertEqual(demo.state.shown.title, "Moby Dick")
        XCTAssertFalse(demo.state.wantsCamera)
        _ = demo.perform(.back)
        _ = demo.perform(.showPicture(99))
        await demo.finished()
        XCTAssertTrue(demo.state.wantsCamera)
        _ = demo.perform(.open(.about))
        XCTAssertFalse(demo.state.wantsCamera)
    }

    @MainActor
    func testWhatTheCameraSeesCanBeAddedAndFound() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        try await see(12, demo, phone)
        _ = demo.perform(.addFrame)
        await demo.finished()
        try await see(12, demo, phone)
        guard case .seeing(let sight) = demo.state.live else { return XCTFail("sees nothing") }
        XCTAssertEqual(sight.figures.matches.first?.similarity ?? 0, 1, accuracy: 1e-12)
        phone.facts.change { $0.jpegFails = true }
        _ = demo.perform(.addFrame)
        await demo.finished()
        guard case .open(let gallery) = demo.state.gallery else { return XCTFail("not open") }
        XCTAssertTrue(gallery.sentence?.contains("too many pixels") ?? false)
    }

    @MainActor
    func testPhotosThatCannotBeUsedAreSentences() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        let cases: [(Picked, String)] = [
            (try phone.picked(nil), "The photo cannot be decoded: it is empty."),
            (.failure(.photoNotHanded(.inCloud)), "it lies in iCloud"),
        ]
        for (picked, words) in cases {
            demo.look(at: picked)
            await demo.finished()
            XCTAssertEqual(demo.state.screen, .results)
            guard case .failed(let sentence) = demo.state.results else {
                return XCTFail("\(demo.state.results)")
            }
            XCTAssertTrue(sentence.contains(words), sentence)
        }
    }

    @MainActor
    func testAPhotoThatIsPickedBeforeTheGalleryIsOpenIsSearchedWithThen() async throws {
        let phone = try FakePhone()
        let demo = Demo(phone)
        let picked = try phone.picked(4)
        demo.look(at: picked)
        await demo.finished()
        XCTAssertEqual(demo.state.results, .looking)
        demo.open()
        await demo.finished()
        guard case .found(.answered(let thing, _, _), _) = demo.state.results else {
            return XCTFail("\(demo.state.results)")
        }
        XCTAssertEqual(thing.path, "shop/p4.jpg")
        XCTAssertFalse(FileManager.default.fileExists(atPath: try picked.get().path))
    }

    @MainActor
    private func sight(_ demo: Demo) throws -> Sight {
        guard case .seeing(let seen) = demo.state.live else {
            throw AppError.cannotRead("\(demo.state.live)")
        }
        return seen.sight
    }

    @MainActor
    private func answer(_ demo: Demo) throws -> String? {
        if case .answered(let thing, _, _) = try sight(demo) { thing.path } else { nil }
    }

    @MainActor
    func testTheCameraWaitsForTheFirstWord() async throws {
        let demo = Demo(try FakePhone())
        demo.open()
        await demo.finished()
        XCTAssertFalse(demo.state.wantsCamera)
        XCTAssertTrue(demo.state.shown.blocks.contains(.paragraph(english("welcome_text"))))
        _ = demo.perform(.start)
        XCTAssertTrue(demo.state.wantsCamera)
    }

    @MainActor
    func testAnAnswerStaysForTwoSecondsAndIsRememberedOnce() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        for value in [5, 5, 14, 5] as [UInt8] {
            try await see(value, demo, phone)
            XCTAssertEqual(try answer(demo), "shop/p5.jpg")
        }
        for _ in 0..<3 { try await see(14, demo, phone) }
        XCTAssertNil(try answer(demo))
        await demo.finished()
        XCTAssertEqual(demo.state.ticks, 1)
        XCTAssertEqual(demo.state.history.map(\.path), ["shop/p5.jpg"])
        for _ in 0..<2 { try await see(6, demo, phone) }
        await demo.finished()
        XCTAssertEqual(demo.state.history.map(\.path), ["shop/p6.jpg", "shop/p5.jpg"])
        // The next start knows it, and it can be forgotten.
        let next = await opened(phone)
        XCTAssertEqual(next.state.history.map(\.path), ["shop/p6.jpg", "shop/p5.jpg"])
        _ = next.perform(.clearHistory)
        await next.finished()
        XCTAssertEqual(next.state.history, [])
        let later = await opened(phone)
        XCTAssertEqual(later.state.history, [])
    }

    @MainActor
    func testAHeldPictureStaysAndGoesOn() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        try await see(5, demo, phone)
        _ = demo.perform(.freeze(true))
        phone.facts.change { $0.ms += 5000 }
        XCTAssertFalse(demo.live.gate.begin())
        guard case .seeing(let held) = demo.state.live else { return XCTFail("sees nothing") }
        XCTAssertTrue(held.isFrozen)
        XCTAssertEqual(try answer(demo), "shop/p5.jpg")
        _ = demo.perform(.freeze(false))
        try await see(6, demo, phone)
        XCTAssertEqual(try answer(demo), "shop/p6.jpg")
    }

    @MainActor
    func testAFrameThatWasInWorkWhenThePictureWasHeldChangesNothing() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        try await see(5, demo, phone)
        phone.facts.change { $0.ms += 5000 }
        phone.whileDescribing = { _ = await demo.perform(.freeze(true)) }
        XCTAssertTrue(demo.live.gate.begin())
        await demo.live.look(at: try frame(6), spentMs: 0)
        XCTAssertEqual(try answer(demo), "shop/p5.jpg")
    }

    @MainActor
    func testALampIsSwitchedWhereThereIsOne() async throws {
        let demo = await opened(try FakePhone())
        _ = demo.perform(.torch(true))
        XCTAssertNil(demo.state.torch)
        demo.live.torchFound(true)
        XCTAssertEqual(demo.state.torch, false)
        _ = demo.perform(.torch(true))
        XCTAssertEqual(demo.state.torch, true)
    }

    @MainActor
    func testWhatSomeonePicksIsShownAndRemembered() async throws {
        let demo = await opened(try FakePhone())
        _ = demo.perform(.pick(2))
        await demo.finished()
        XCTAssertEqual(demo.state.picture?.thing.pictureId, 2)
        XCTAssertEqual(demo.state.history.map(\.pictureId), [2])
        XCTAssertEqual(demo.state.ticks, 1)
    }

    /// 0.3 similar is asked about, as the most lenient threshold lets it pass.
    @MainActor
    func testWhatIsNotSureIsAskedAndNoneOfTheseAsksNoMore() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.isBlurred = true }
        let demo = Demo(phone)
        _ = demo.perform(.start)
        demo.open()
        await demo.finished()
        demo.look(at: try phone.picked(5))
        await demo.finished()
        guard case .found(.asked(let things), _) = demo.state.results else {
            return XCTFail("\(demo.state.results)")
        }
        XCTAssertEqual(things.first?.path, "shop/p5.jpg")
        XCTAssertEqual(things.count, 3)
        _ = demo.perform(.noneOfThese)
        guard case .found(.nothing, _) = demo.state.results else {
            return XCTFail("\(demo.state.results)")
        }
        _ = demo.perform(.open(.live))
        for _ in 0..<3 { try await see(5, demo, phone) }
        guard case .asked = try sight(demo) else { return XCTFail("not asked") }
        _ = demo.perform(.noneOfThese)
        XCTAssertEqual(try sight(demo), .nothing)
    }
}
