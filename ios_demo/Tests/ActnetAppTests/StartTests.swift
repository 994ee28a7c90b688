@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// Opening the app: what came with it, and what may be wrong with it.
final class StartTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        demo.open()
        await demo.finished()
        return demo
    }

    /// Opens a phone that something is wrong with; returns its sentence.
    @MainActor
    private func refusal(
        gallery: Bool = false, line: UInt = #line, _ prepare: (FakePhone) throws -> Void
    ) async throws -> String {
        let phone = try FakePhone()
        try prepare(phone)
        let demo = await opened(phone)
        guard case .refused(let sentence, let ofGallery) = demo.state.start else {
            XCTFail("\(demo.state.start)", line: line)
            return ""
        }
        XCTAssertEqual(ofGallery, gallery, sentence, line: line)
        let told = Block.paragraph(english("details", sentence))
        XCTAssertTrue(demo.state.shown.blocks.contains(told), line: line)
        XCTAssertFalse(demo.state.wantsCamera, line: line)
        return sentence
    }

    private func assert(_ sentence: String, says words: String..., line: UInt = #line) {
        for word in words { XCTAssertTrue(sentence.contains(word), sentence, line: line) }
    }

    @MainActor
    func testAWholeAppOpensAndTestsItself() async throws {
        let demo = await opened(try FakePhone())
        guard case .ready(let ready) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        XCTAssertTrue(ready.selfTest.passed)
        for screen in Screen.allCases {
            XCTAssertNil(demo.perform(.open(screen)))
            let isFirst = screen == .live
            XCTAssertEqual(demo.state.shown.title, english(isFirst ? "app" : screen.key))
        }
        guard case .open(let gallery) = demo.state.gallery else { return XCTFail("not open") }
        XCTAssertEqual(gallery.counts.pictures, FakePhone.pictures)
    }

    @MainActor
    func testAMissingModelIsASentence() async throws {
        let none = try await refusal {
            try FileManager.default.removeItem(
                at: $0.bundled.appendingPathComponent("models.json"))
        }
        assert(none, says: "built without models.json", "make ios-assets")
        for list in ["{", "{\"schema\": 2, \"models\": [\"fake\"]}", "[]"] {
            let damaged = try await refusal {
                try Data(list.utf8).write(to: $0.bundled.appendingPathComponent("models.json"))
            }
            assert(damaged, says: "models.json is damaged")
        }
        for names in [[], ["fake", "fake"], ["../fake"], [""]] {
            let damaged = try await refusal { try $0.listModels(names) }
            assert(damaged, says: "models.json is damaged")
        }
        let manifest = try await refusal {
            try FileManager.default.removeItem(
                at: $0.carried.appendingPathComponent("fake.mlpackage.json"))
        }
        assert(manifest, says: "fake.mlpackage.json is missing")
        let manifestAlone = try await refusal {
            try FileManager.default.removeItem(
                at: $0.carried.appendingPathComponent("fake.mlpackage"))
        }
        assert(manifestAlone, says: "fake.mlpackage does not exist, only its manifest does")
    }

    @MainActor
    func testADamagedModelIsASentence() async throws {
        let sentence = try await refusal {
            try Data("other".utf8).write(to: $0.carried.appendingPathComponent("fake.mlpackage/w"))
        }
        assert(sentence, says: "is not the file that its manifest describes", "actnet-export")
    }

    @MainActor
    func testAWrongManifestIsASentence() async throws {
        let broken = try await refusal {
            try Data("{".utf8).write(to: $0.carried.appendingPathComponent("fake.mlpackage.json"))
        }
        assert(broken, says: "it is not JSON")
        let newer = try await refusal { try $0.writeManifest(["schema": 9]) }
        assert(newer, says: "has schema 9")
    }

    /// Its hash tells a model, not its name.
    @MainActor
    func testARenamedModelIsTaken() async throws {
        let phone = try FakePhone()
        let hash = try phone.manifest().artefact.sha256
        try phone.writeManifest([
            "artefact": ["file": "older.mlpackage", "sha256": hash, "size_bytes": 7]
        ])
        let demo = await opened(phone)
        XCTAssertTrue(demo.state.start.isReady)
    }

    @MainActor
    func testAModelThatCannotBeLoadedIsASentence() async throws {
        let sentence = try await refusal { phone in
            phone.facts.change { $0.modelFails = .cannotLoad(reason: "no memory") }
        }
        assert(sentence, says: "The model cannot be loaded: no memory.")
    }

    @MainActor
    func testAModelThatFailsItsSelfTestIsNotUsed() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.isBroken = true }
        let demo = Demo(phone)
        demo.add([try phone.picked(3)])
        demo.open()
        await demo.finished()
        guard case .refused(let sentence, false) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        assert(sentence, says: "Self-test failed: cosine 0.000000", "Choose another accelerator")
        // Nothing was described with it.
        XCTAssertEqual(try waiting(phone).count, 1)
    }

    @MainActor
    func testAnAcceleratorThatFailsFallsBackToTheProcessorWithASentence() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.isBrokenElsewhere = true }
        let demo = await opened(phone)
        guard case .ready(let ready) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        let sentence = ready.sentence
        assert(sentence ?? "", says: "Self-test failed", "The model runs on the processor.")
        XCTAssertEqual(phone.facts.value.opened, [.all, .cpu])
        _ = demo.perform(.open(.settings))
        let told = Block.paragraph(english("details", sentence ?? ""))
        XCTAssertTrue(demo.state.shown.blocks.contains(told))
    }

    @MainActor
    func testAnAcceleratorThatEndedTheProcessIsTriedAgainOnlyWhenChosen() async throws {
        let phone = try FakePhone()
        let kept = Locked<FakePhone?>(nil)
        phone.whileDescribing = {
            kept.change { if $0 == nil { $0 = try? FakePhone(killed: phone) } }
        }
        _ = await opened(phone)
        let killed = try XCTUnwrap(kept.value)
        let demo = await opened(killed)
        XCTAssertEqual(killed.facts.value.opened, [.cpu])
        guard case .ready(let ready) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        let sentence = ready.sentence
        assert(sentence ?? "", says: "The app ended while the model was opened")
        var changed = Settings()
        changed.accelerator = .gpu
        _ = demo.perform(.change(changed))
        await demo.finished()
        XCTAssertEqual(killed.facts.value.opened, [.cpu, .gpu])
    }

    @MainActor
    func testSettingsCanBeReachedWhereTheModelFails() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.isBroken = true }
        let demo = await opened(phone)
        _ = demo.perform(.open(.settings))
        XCTAssertEqual(demo.state.shown.title, "Settings")
        XCTAssertTrue(
            demo.state.shown.blocks.contains {
                if case .choice(let title, _) = $0 { title == "The model runs on" } else { false }
            })
        phone.facts.change { $0.isBroken = false }
        var changed = Settings()
        changed.accelerator = .gpu
        _ = demo.perform(.change(changed))
        await demo.finished()
        XCTAssertTrue(demo.state.start.isReady)
    }

    @MainActor
    func testAModelThatFailsALaterSelfTestIsUnloaded() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        _ = demo.perform(.runSelfTest)
        await demo.finished()
        XCTAssertTrue(demo.state.start.isReady)
        phone.facts.change { $0.isBroken = true }
        _ = demo.perform(.runSelfTest)
        await demo.finished()
        XCTAssertFalse(demo.state.start.isReady)
        XCTAssertEqual(phone.facts.value.unloaded, 1)
    }

    @MainActor
    func testTheGalleryOfAnotherModelIsASentence() async throws {
        let golden = Golden.url("gallery/int8.sqlite")
        let sentence = try await refusal(gallery: true) {
            let bundled = $0.carried.appendingPathComponent("gallery.sqlite")
            try FileManager.default.removeItem(at: bundled)
            try FileManager.default.copyItem(at: golden, to: bundled)
        }
        assert(sentence, says: "was made by another model")
    }

    @MainActor
    func testAMissingGalleryIsASentence() async throws {
        let sentence = try await refusal {
            try FileManager.default.removeItem(
                at: $0.carried.appendingPathComponent("gallery.sqlite"))
        }
        assert(sentence, says: "built without a gallery", "make ios-assets")
    }

    @MainActor
    func testWrongThresholdsAreASentence() async throws {
        let file = { (phone: FakePhone) in phone.carried.appendingPathComponent("thresholds.json") }
        let missing = try await refusal { try FileManager.default.removeItem(at: file($0)) }
        assert(missing, says: "built without thresholds.json", "make ios-assets")
        let damaged = try await refusal { try Data("{".utf8).write(to: file($0)) }
        assert(damaged, says: "thresholds.json is damaged")
        let other = try await refusal { try $0.writeThresholds(["model_sha256": "ab"]) }
        assert(other, says: "was calibrated with another model")
    }

    @MainActor
    func testADamagedGalleryIsPutBackWhenAskedFor() async throws {
        let phone = try FakePhone()
        let first = await opened(phone)
        first.add([try phone.picked(9)])
        await first.finished()
        try Data("no database".utf8).write(to: phone.ownGallery)
        let journal = phone.ownGallery.path + "-journal"
        try Data("of the old one".utf8).write(to: URL(fileURLWithPath: journal))
        let demo = await opened(phone)
        guard case .refused(let sentence, true) = demo.state.start else {
            return XCTFail("\(demo.state.start)")
        }
        assert(sentence, says: "is not a gallery")
        _ = demo.perform(.restoreGallery)
        await demo.finished()
        XCTAssertTrue(demo.state.start.isReady)
        XCTAssertFalse(FileManager.default.fileExists(atPath: journal))
        guard case .open(let gallery) = demo.state.gallery else { return XCTFail("not open") }
        // What was added on the phone is there again.
        XCTAssertEqual(gallery.counts.pictures, FakePhone.pictures + 1)
        XCTAssertEqual(gallery.things.first.map { demo.photo($0.path) != nil }, true)
    }

    @MainActor
    func testAFullStorageIsASentence() async throws {
        let full = StorageFailure(POSIXError(.ENOSPC))
        XCTAssertEqual(full, .full)
        XCTAssertEqual(
            StorageFailure(
                NSError(
                    domain: NSCocoaErrorDomain, code: 512,
                    userInfo: [NSUnderlyingErrorKey: POSIXError(.ENOSPC) as NSError])), .full)
        // A disk that is really full, as far as Linux has one.
        XCTAssertThrowsError(
            try storing("The gallery") {
                try Data([1]).write(to: URL(fileURLWithPath: "/dev/full"))
            }
        ) { error in
            self.assert(
                sentences(error), says: "The gallery cannot be stored: the storage is full.",
                "Free some space")
        }
        let unwritable = try await refusal {
            try FileManager.default.removeItem(at: $0.folder)
            try Data().write(to: $0.folder)
        }
        assert(unwritable, says: "cannot be stored", "Start the app again")
    }

    @MainActor
    func testSettingsAreKeptAndAnotherAcceleratorOpensTheModelAgain() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        var changed = Settings()
        (changed.falseAnswers, changed.accelerator, changed.top) = (0.2, .cpu, 5)
        (changed.developer, changed.welcomed) = (true, true)
        _ = demo.perform(.change(changed))
        await demo.finished()
        XCTAssertEqual(Demo(phone).state.settings, changed)
        XCTAssertEqual(phone.facts.value.unloaded, 1)
        XCTAssertTrue(demo.state.start.isReady)
        phone.facts.change {
            $0.stored["accelerator"] = "quantum"
            $0.stored["false_answers"] = "7"
        }
        var expected = Settings()
        (expected.top, expected.developer, expected.welcomed) = (5, true, true)
        XCTAssertEqual(Settings(from: phone.settings), expected)
    }

    private func waiting(_ phone: FakePhone) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: phone.waiting.path)
    }
}
