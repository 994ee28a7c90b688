import ActnetCore
import ActnetCoreML
import Foundation
import XCTest

final class CoreMLContractTests: XCTestCase {
    private func manifest(_ change: [String: Any] = [:]) throws -> Manifest {
        var whole: [String: Any] = [
            "schema": 1, "name": "m", "format": "coreml", "precision": "fp16",
            "artefact": ["file": "m.mlpackage", "sha256": "ab", "size_bytes": 3],
            "checkpoint": ["name": "c", "sha256": "cd", "licence": "Apache-2.0", "origin": "o"],
            "input": input(), "output": output(),
            "preprocessing": [
                "name": "pillow-bilinear", "version": 1, "height": 64, "width": 96,
            ],
            "parity": ["pictures": 32, "cosine_mean": 1.0, "cosine_min": 0.5],
            "golden": ["picture": "xor-1", "descriptor": [0.6, 0.8]],
        ]
        for (key, value) in change { whole[key] = value }
        return try Manifest(data: JSONSerialization.data(withJSONObject: whole), name: "m.json")
    }

    private func input(_ change: [String: Any] = [:]) -> [String: Any] {
        let whole: [String: Any] = [
            "name": "image", "shape": [1, 3, 64, 96], "dtype": "image:rgb", "layout": "nchw",
            "colour": "rgb", "range": [0, 255],
        ]
        return whole.merging(change) { $1 }
    }

    private func output(_ change: [String: Any] = [:]) -> [String: Any] {
        let whole: [String: Any] = [
            "name": "descriptor", "shape": [1, 2], "dtype": "float32", "dim": 2,
            "normalised": true,
        ]
        return whole.merging(change) { $1 }
    }

    func testTakesWhatTheExporterWrites() throws {
        XCTAssertNoThrow(try CoreMLContract.check(manifest()))
    }

    func testRefusesWhatItCannotRunAndSaysWhy() throws {
        let other =
            ["name": "pillow-bilinear", "version": 2, "height": 64, "width": 96] as [String: Any]
        let cases: [([String: Any], String)] = [
            (["format": "tflite"], "its format is tflite, not coreml"),
            (["preprocessing": other], "its preprocessing is pillow-bilinear 2"),
            (["input": input(["name": "x"])], "its input is x"),
            (["input": input(["dtype": "float32"])], "its input is of the kind float32"),
            (["input": input(["layout": "nhwc"])], "its layout is nhwc"),
            (
                ["input": input(["shape": [1, 3, 96, 64]])],
                "its input has another shape than its preprocessing"
            ),
            (["output": output(["name": "y"])], "its output is y"),
            (["output": output(["dtype": "float16"])], "its output is of the kind float16"),
            (
                ["output": output(["shape": [2, 2]])],
                "its output is not one descriptor of 2 values"
            ),
            (["output": output(["normalised": false])], "its descriptors are not of length 1"),
        ]
        for (change, reason) in cases {
            XCTAssertThrowsError(try CoreMLContract.check(manifest(change))) { error in
                XCTAssertEqual(error as? ManifestError, .unsupported(reason))
            }
        }
    }
}
