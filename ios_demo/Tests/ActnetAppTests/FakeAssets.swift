@testable import Actnet
@testable import ActnetCore
import Foundation

@testable import ActnetApp

/// What the fake app was built with: manifest and gallery for the fake model.
extension FakePhone {
    static let pictures = 3

    /// Writes the list of the models that the app was built with.
    func listModels(_ names: [String]) throws {
        let json = try JSONSerialization.data(withJSONObject: ["schema": 1, "models": names])
        try json.write(to: bundled.appendingPathComponent("models.json"))
    }

    /// Builds the app with one more model: the same, or one of other weights with a gallery of its own.
    func carry(_ name: String, weights: String? = nil) throws {
        let copy = bundled.appendingPathComponent(name)
        if let weights { try updateModel(weights) }
        try FileManager.default.copyItem(at: carried, to: copy)
        for ending in ["", ".json"] {
            try FileManager.default.moveItem(
                at: copy.appendingPathComponent(Self.package + ending),
                to: copy.appendingPathComponent("\(name).mlpackage\(ending)"))
        }
        if weights != nil { try updateModel("weights") }
        try listModels([Self.name, name])
    }

    /// Builds the app with other weights, and a gallery of them.
    func updateModel(_ weights: String) throws {
        try Data(weights.utf8).write(to: carried.appendingPathComponent("fake.mlpackage/w"))
        try writeManifest()
        try writeGallery()
    }

    /// Writes the manifest, with some of its keys replaced.
    func writeManifest(_ change: [String: Any] = [:]) throws {
        let package = carried.appendingPathComponent(Self.package)
        let golden = Self.descriptor(0).map(Double.init)
        let whole: [String: Any] = [
            "schema": 1, "name": "fake", "format": "coreml", "precision": "fp16",
            "artefact": [
                "file": Self.package, "sha256": try Sha256.hex(ofFileOrFolder: package),
                "size_bytes": 7,
            ],
            "checkpoint": [
                "name": "shipped", "sha256": "cd", "licence": "Apache-2.0", "origin": "Somewhere.",
            ],
            "input": [
                "name": "image", "shape": [1, 3, 64, 64], "dtype": "image:rgb", "layout": "nchw",
                "colour": "rgb", "range": [0, 255],
            ],
            "preprocessing": ["name": "pillow-bilinear", "version": 1, "height": 64, "width": 64],
            "output": [
                "name": "descriptor", "shape": [1, Self.dim], "dtype": "float32", "dim": Self.dim,
                "normalised": true,
            ],
            "parity": ["pictures": 32, "cosine_mean": 1.0, "cosine_min": 1.0],
            "golden": ["picture": "xor-1", "descriptor": golden, "cosine_min": 0.99],
        ]
        let json = try JSONSerialization.data(withJSONObject: whole.merging(change) { $1 })
        try json.write(to: carried.appendingPathComponent(Self.package + ".json"))
        try writeThresholds(["model_sha256": try Sha256.hex(ofFileOrFolder: package)])
    }

    /// Writes what Python's calibrate does, with some of its keys replaced.
    func writeThresholds(_ change: [String: Any]) throws {
        let rows = [
            ["false_answers": 0.2, "least": 0.3], ["false_answers": 0.05, "least": 0.5],
        ]
        let whole: [String: Any] = [
            "schema": 1, "measure": "distinctness",
            "thresholds": ["similarity": rows, "distinctness": rows],
        ]
        let json = try JSONSerialization.data(withJSONObject: whole.merging(change) { $1 })
        try json.write(to: carried.appendingPathComponent("thresholds.json"))
    }

    /// The manifest as it was written.
    func manifest() throws -> Manifest {
        try Manifest.load(besideArtefact: carried.appendingPathComponent(Self.package))
    }

    /// Writes a gallery of three pictures: p4, p5 and p6, of those values.
    func writeGallery() throws {
        let url = carried.appendingPathComponent("gallery.sqlite")
        let model = GalleryModel(try manifest())
        try GalleryWriter.create(
            at: url, model: model, storage: .int8, thumbnailSidePx: 32, madeBy: "test")
        try GalleryWriter(url, describedBy: model).store(
            (0..<Self.pictures).map { number in
                let value = UInt8(4 + number)
                return DescribedPhoto(
                    path: "shop/p\(value).jpg", sizeBytes: 1, mtimeNs: 1,
                    sha256: Data(repeating: value, count: 32), widthPx: 4, heightPx: 3,
                    label: number == 0 ? "Moby Dick" : nil, descriptor: Self.descriptor(value),
                    thumbnail: Data([value]))
            })
    }
}
