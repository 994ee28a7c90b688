@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// The camera's frames, and photos to search with.
final class LiveTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
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
        XCTAssertEqual(first.matches.first?.picture.path, "shop/p5.jpg")
        XCTAssertNil(first.framesPerSecond)
        // 3 ms of copying, and the clock's 1 ms a look.
        XCTAssertEqual(first.times.decodeMs, 4)
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
        guard case .paused(let sentence) = demo.state.live else { return XCTFail("not paused") }
        XCTAssertTrue(sentence.contains("too hot"))
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
            demo.state.content.blocks.contains(
                .button("Open the system's settings to allow it", .ask(.settings))))
        XCTAssertEqual(demo.perform(.ask(.settings)), .settings)
        demo.live.failed(AppError.noCamera.sentences)
        XCTAssertEqual(
            demo.state.content.blocks.first,
            .problem("This phone has no camera that can be used. Pick a photo instead."))
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
        XCTAssertEqual(demo.state.content.title, "Moby Dick")
        XCTAssertFalse(demo.state.wantsCamera)
        _ = demo.perform(.hidePicture)
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
        XCTAssertEqual(sight.matches.first?.similarity ?? 0, 1, accuracy: 1e-12)
        phone.facts.change { $0.jpegFails = true }
        _ = demo.perform(.addFrame)
        await demo.finished()
        guard case .open(let gallery) = demo.state.gallery else { return XCTFail("not open") }
        XCTAssertTrue(gallery.sentence?.contains("too many pixels") ?? false)
    }

    @MainActor
    func testPhotosThatCannotBeUsedAreSentences() async throws {
        let phone = try FakePhone()
        let demo = Demo(phone)
        let cases: [(Picked, String)] = [
            (try phone.picked(4), "Model and gallery are still being opened"),
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
            if !demo.state.start.isReady {
                demo.open()
                await demo.finished()
            }
        }
    }
}
