import Foundation
import XCTest

@testable import ActnetCore

final class ManifestTests: XCTestCase {
    func testReadsWhatAnAppNeedsAndIgnoresTheRest() throws {
        let manifest = try Manifest(data: Samples.manifest(), name: "m.json")
        XCTAssertEqual(manifest.artefact.file, "m.mlpackage")
        XCTAssertEqual(manifest.input.shape, [.named("batch"), .fixed(3), .fixed(64), .fixed(96)])
        XCTAssertEqual(manifest.preprocessing.width, 96)
        XCTAssertEqual(manifest.parity.cosineMin, 0.5)
        XCTAssertEqual(manifest.golden.descriptor, [0.6, 0.8])
    }

    func testSaysWhatIsWrong() throws {
        let cases: [([String: Any?], String)] = [
            (["name": nil], "name is missing"),
            (["output": ["name": "descriptor"]], "output.shape is missing"),
            (["name": 3], "name is of the wrong kind"),
            (["precision": NSNull()], "precision is of the wrong kind"),
            (
                ["preprocessing": ["name": "p", "version": 1, "height": 0, "width": 9]],
                "a picture of 9 x 0 pixels"
            ),
            (
                ["golden": ["picture": "xor-1", "descriptor": [1.0]]],
                "the golden descriptor has 1 values, not 2"
            ),
            (Samples.golden(cosineMin: "0.95"), "golden.cosineMin is of the wrong kind"),
            (
                Samples.golden(cosineMin: 0),
                "golden.cosine_min is 0.0, not above 0 and at most 1"
            ),
            (
                Samples.golden(cosineMin: 1.5),
                "golden.cosine_min is 1.5, not above 0 and at most 1"
            ),
        ]
        for (change, reason) in cases {
            assertThrows(ManifestError.malformed("m.json", reason: reason)) {
                _ = try Manifest(data: Samples.manifest(change), name: "m.json")
            }
        }
        assertThrows(ManifestError.malformed("m.json", reason: "it is not JSON")) {
            _ = try Manifest(data: Data("{".utf8), name: "m.json")
        }
        assertThrows(ManifestError.otherSchema(2)) {
            _ = try Manifest(data: Samples.manifest(["schema": 2]), name: "m.json")
        }
    }

    func testHoldsTheArtefactAgainstItsManifest() throws {
        let scratch = try ScratchFolder()
        let artefact = scratch.file("m.tflite")
        let manifest = scratch.file("m.tflite.json")
        assertThrows(ManifestError.missing("m.tflite")) {
            _ = try Manifest.load(besideArtefact: artefact)
        }
        let abc = Sha256.hex(of: Data("abc".utf8))
        try Samples.manifest(["artefact": ["file": "m.tflite", "sha256": abc, "size_bytes": 3]])
            .write(to: manifest)
        assertThrows(ManifestError.artefactMissing("m.tflite")) {
            _ = try Manifest.load(besideArtefact: artefact)
        }
        try Data("abd".utf8).write(to: artefact)
        let found = Sha256.hex(of: Data("abd".utf8))
        assertThrows(ManifestError.otherArtefact("m.tflite", found: found, expected: abc)) {
            _ = try Manifest.load(besideArtefact: artefact)
        }
        try Data("abc".utf8).write(to: artefact)
        XCTAssertEqual(try Manifest.load(besideArtefact: artefact).artefact.sha256, abc)
        try FileManager.default.removeItem(at: manifest)
        try FileManager.default.createDirectory(at: manifest, withIntermediateDirectories: true)
        XCTAssertThrowsError(try Manifest.load(besideArtefact: artefact)) { error in
            guard case ManifestError.unreadable("m.tflite.json", _) = error else {
                return XCTFail("\(error)")
            }
        }
    }

    func testDamagedManifestsNeverCrash() throws {
        var numbers = SeededNumbers(state: 3)
        let whole = try Samples.manifest()
        for _ in 0..<20000 {
            do {
                _ = try Manifest(data: damaged(whole, &numbers), name: "m.json")
            } catch {
                assertHelps(error)
            }
        }
        for key in ["a\u{7}b", "\\x", "\\ud800", "\\u12"] {
            let text = String(decoding: whole, as: UTF8.self)
            let bytes = Data(text.replacingOccurrences(of: "schema", with: key).utf8)
            XCTAssertThrowsError(try Manifest(data: bytes, name: "m.json")) { assertHelps($0) }
        }
        let deep = Data(String(repeating: "[", count: 200_000).utf8)
        XCTAssertThrowsError(try Manifest(data: deep, name: "m.json")) { assertHelps($0) }
    }

    func testSelfTestComparesWithTheGoldenDescriptor() throws {
        let manifest = try Manifest(data: Samples.manifest(), name: "m.json")
        let same = try XCTUnwrap(SelfTest(manifest: manifest, descriptor: [0.6, 0.8]))
        XCTAssertEqual(same.cosine, 1, accuracy: 1e-12)
        XCTAssertTrue(same.passed)
        let other = try XCTUnwrap(SelfTest(manifest: manifest, descriptor: [0.8, 0.6]))
        XCTAssertEqual(other.cosine, 0.96, accuracy: 1e-7)
        XCTAssertFalse(other.passed)
        XCTAssertEqual(SelfTest(manifest: manifest, descriptor: [0, 0])?.cosine, 0)
        XCTAssertNil(SelfTest(manifest: manifest, descriptor: [1]))
    }

    func testSelfTestAsksForTheCosineOfTheManifest() throws {
        for (least, passes) in [(0.95, true), (0.961, false), (1, false)] {
            let data = try Samples.manifest(Samples.golden(cosineMin: least))
            let manifest = try Manifest(data: data, name: "m.json")
            let test = try XCTUnwrap(SelfTest(manifest: manifest, descriptor: [0.8, 0.6]))
            XCTAssertEqual(test.cosineMin, least)
            XCTAssertEqual(test.passed, passes, "0.96 where \(least) is asked for")
        }
    }

    func testManifestsWithoutALeastCosineMean0999() throws {
        let manifest = try Manifest(data: Samples.manifest(), name: "m.json")
        XCTAssertEqual(manifest.golden.cosineMin, 0.999)
        for (angle, passes) in [(Float(0.0447), true), (Float(0.0448), false)] {
            let turned = atan2(Float(0.8), 0.6) + angle
            let descriptor = [cos(turned), sin(turned)]
            let test = try XCTUnwrap(SelfTest(manifest: manifest, descriptor: descriptor))
            XCTAssertEqual(test.passed, passes, "\(test.cosine)")
        }
    }

    func testGoldenPictureIsThatOfTheDocument() throws {
        let picture = try XCTUnwrap(GoldenPicture.draw(width: 224, height: 224))
        // Row 3, column 100: 200 XOR 12, 300 XOR 9, 400 XOR 6, each mod 256.
        let place = 3 * (3 * 224 + 100)
        XCTAssertEqual(Array(picture.bytes[place..<place + 3]), [196, 37, 150])
    }
}

/// Values that several tests begin with.
enum Samples {
    /// Returns a manifest's bytes, with some keys replaced, or left out where nil.
    static func manifest(_ change: [String: Any?] = [:]) throws -> Data {
        var whole: [String: Any] = [
            "schema": 1, "name": "m", "format": "coreml", "precision": "fp16",
            "artefact": ["file": "m.mlpackage", "sha256": "ab", "size_bytes": 3],
            "checkpoint": ["name": "c", "sha256": "cd", "licence": "Apache-2.0", "origin": "o"],
            "input": [
                "name": "image", "shape": ["batch", 3, 64, 96], "dtype": "image:rgb",
                "layout": "nchw", "colour": "rgb", "range": [0, 255],
            ],
            "preprocessing": [
                "name": "pillow-bilinear", "version": 1, "height": 64, "width": 96,
            ],
            "output": [
                "name": "descriptor", "shape": [1, 2], "dtype": "float32", "dim": 2,
                "normalised": true,
            ],
            "parity": ["pictures": 32, "cosine_mean": 1.0, "cosine_min": 0.5, "top10": NSNull()],
            "golden": ["picture": "xor-1", "descriptor": [0.6, 0.8]],
            "notes": ["what is not known": 1],
        ]
        for (key, value) in change { whole[key] = value }
        return try JSONSerialization.data(withJSONObject: whole)
    }

    /// Returns a change of a manifest: its golden descriptor with a least cosine.
    static func golden(cosineMin: Any) -> [String: Any?] {
        ["golden": ["picture": "xor-1", "descriptor": [0.6, 0.8], "cosine_min": cosineMin]]
    }

    static let model = GalleryModel(
        file: "m.mlpackage", format: "coreml", precision: "fp16", sha256: "ab",
        preprocessingName: "pillow-bilinear", preprocessingVersion: 1, heightPx: 64, widthPx: 96,
        dim: 2)

    /// Returns a photo whose descriptor points to an angle.
    static func photo(_ path: String, angle: Float, label: String? = nil) -> DescribedPhoto {
        DescribedPhoto(
            path: path, sizeBytes: 5, mtimeNs: 6, sha256: Data(repeating: 7, count: 32),
            widthPx: 8, heightPx: 9, label: label, descriptor: [cos(angle), sin(angle)],
            thumbnail: Data("jpeg of \(path)".utf8))
    }
}
