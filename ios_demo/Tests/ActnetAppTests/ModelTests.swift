import Foundation
import XCTest

@testable import ActnetApp
@testable import Actnet
@testable import ActnetCore

/// An app with more than one model.
final class ModelTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        demo.open()
        await demo.finished()
        return demo
    }

    @MainActor
    private func choose(_ name: String, _ demo: Demo) async {
        var changed = demo.state.settings
        changed.modelName = name
        _ = demo.perform(.change(changed))
        await demo.finished()
    }

    @MainActor
    func testTheFirstIsUsedUntilAnotherIsChosen() async throws {
        let phone = try FakePhone()
        try phone.carry("other")
        let demo = await opened(phone)
        XCTAssertEqual(demo.state.models.used, "fake")
        await choose("other", demo)
        XCTAssertEqual(demo.state.models.used, "other")
        XCTAssertTrue(demo.state.start.isReady)
        XCTAssertEqual(phone.facts.value.unloaded, 1)
        let next = await opened(phone)
        XCTAssertEqual(next.state.models.used, "other")
    }

    @MainActor
    func testPhotosOfThePhoneAreDescribedForTheModelThatIsChosen() async throws {
        let phone = try FakePhone()
        try phone.carry("other", weights: "others")
        let demo = await opened(phone)
        demo.add([try phone.picked(10)])
        await demo.finished()
        for name in ["other", "fake"] {
            await choose(name, demo)
            guard case .open(let gallery) = demo.state.gallery else {
                return XCTFail("\(demo.state)")
            }
            XCTAssertEqual(gallery.counts.pictures, FakePhone.pictures + 1, name)
        }
    }

    @MainActor
    func testAModelThatIsDamagedDoesNotHideTheOthers() async throws {
        let phone = try FakePhone()
        try phone.carry("other")
        try Data("{".utf8).write(
            to: phone.bundled.appendingPathComponent("other/other.mlpackage.json"))
        let demo = await opened(phone)
        XCTAssertTrue(demo.state.start.isReady)
        _ = demo.perform(.open(.settings))
        let refused = Block.problem(english("settings_model_refused", "other"))
        XCTAssertTrue(demo.state.shown.blocks.contains(refused))
        await choose("other", demo)
        guard case .refused(let sentence, false) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        XCTAssertTrue(sentence.contains("it is not JSON"), sentence)
        await choose("fake", demo)
        XCTAssertTrue(demo.state.start.isReady)
    }

    @MainActor
    func testAModelThatHasGoneIsASentence() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.stored["model"] = "gone" }
        let demo = await opened(phone)
        XCTAssertTrue(demo.state.start.isReady)
        let sentence = try XCTUnwrap(demo.state.models.sentence)
        XCTAssertTrue(sentence.hasPrefix("The model gone is not in this build"), sentence)
        _ = demo.perform(.open(.settings))
        XCTAssertTrue(
            demo.state.shown.blocks.contains(.paragraph(english("details", sentence))))
    }
}
