import ActnetCore
import ActnetLiteRt
import Foundation
import XCTest

/// Runs the artefact in the folder ACTNET_MODELS, which tools/test.sh fills.
final class LiteRtDescriberTests: XCTestCase {
    private func artefact() throws -> URL {
        let folder = try XCTUnwrap(
            ProcessInfo.processInfo.environment["ACTNET_MODELS"],
            "set ACTNET_MODELS to the folder that make test-ios fills")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let name = try XCTUnwrap(names.first { $0.hasSuffix(".tflite") })
        return URL(fileURLWithPath: folder).appendingPathComponent(name)
    }

    private func assertRefused(
        _ artefact: URL, line: UInt = #line, _ isExpected: (Error) -> Bool
    ) {
        XCTAssertThrowsError(try LiteRtDescriber(artefact), line: line) { error in
            XCTAssertTrue(isExpected(error), "\(error)", line: line)
            XCTAssertFalse(error.localizedDescription.isEmpty, line: line)
        }
    }

    func testSelfTestPasses() async throws {
        let test = try await LiteRtDescriber(artefact(), threads: 2).selfTest()
        XCTAssertGreaterThan(test.cosine, 0.99999)
        XCTAssertTrue(test.passed)
    }

    func testDescribesTheSameEveryTimeAndFromManyTasks() async throws {
        let describer = try LiteRtDescriber(artefact())
        let picture = try XCTUnwrap(GoldenPicture.draw(width: 321, height: 123))
        let expected = try await describer.describe(picture)
        XCTAssertEqual(expected.reduce(0) { $0 + $1 * $1 }, 1, accuracy: 1e-3)
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<8 { group.addTask { try await describer.describe(picture) } }
            for try await descriptor in group { XCTAssertEqual(descriptor, expected) }
        }
    }

    func testRefusesPixelsOfAnotherSize() async throws {
        let describer = try LiteRtDescriber(artefact())
        let size = describer.manifest.preprocessing
        let picture = try XCTUnwrap(GoldenPicture.draw(width: size.width, height: 3))
        do {
            _ = try await describer.describe(pixels: picture)
            XCTFail("it took 3 rows")
        } catch {
            XCTAssertEqual(
                error as? EngineError,
                .otherSize(
                    width: size.width, height: 3, expectedWidth: size.width,
                    expectedHeight: size.height))
        }
    }

    func testRefusesWhatIsNotTheModelOfTheManifest() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let copy = folder.appendingPathComponent("m.tflite")
        let manifest = folder.appendingPathComponent("m.tflite.json")
        assertRefused(copy) { $0 as? ManifestError == .missing("m.tflite") }
        let original = try artefact()
        try FileManager.default.copyItem(atPath: original.path + ".json", toPath: manifest.path)
        assertRefused(copy) { $0 as? ManifestError == .artefactMissing("m.tflite") }
        let bytes = try Data(contentsOf: original)
        try bytes.dropLast(1000).write(to: copy)
        assertRefused(copy) {
            guard case ManifestError.otherArtefact = $0 else { return false }
            return true
        }
        // A manifest that fits a file which is no model.
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let noModel = Data("no model".utf8)
        try noModel.write(to: copy)
        let claimed = text.replacingOccurrences(
            of: Sha256.hex(of: bytes), with: Sha256.hex(of: noModel))
        try Data(claimed.utf8).write(to: manifest)
        assertRefused(copy) {
            guard case EngineError.cannotLoad = $0 else { return false }
            return true
        }
        let otherFormat = claimed.replacingOccurrences(of: "\"tflite\"", with: "\"onnx\"")
        try Data(otherFormat.utf8).write(to: manifest)
        assertRefused(copy) {
            $0 as? ManifestError == .unsupported("its format is onnx, not tflite")
        }
        let otherSize = claimed.replacingOccurrences(of: "\"width\": 224", with: "\"width\": 96")
        try bytes.write(to: copy)
        try Data(
            otherSize.replacingOccurrences(
                of: Sha256.hex(of: noModel), with: Sha256.hex(of: bytes)
            ).utf8
        ).write(to: manifest)
        assertRefused(copy) {
            guard case ManifestError.unsupported = $0 else { return false }
            return true
        }
    }
}
