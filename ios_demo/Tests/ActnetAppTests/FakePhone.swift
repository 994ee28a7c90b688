@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

/// A descriptor that has one value, in the place that the first byte of the picture says.
final class FakeDescriber: Describer, @unchecked Sendable {
    let manifest: Manifest
    private let phone: FakePhone
    private let accelerator: Accelerator
    /// The first byte of the manifest's golden picture.
    private let pixelsOfGolden: UInt8 = 0

    init(_ manifest: Manifest, _ phone: FakePhone, _ accelerator: Accelerator) {
        self.accelerator = accelerator
        self.manifest = manifest
        self.phone = phone
    }

    func describe(pixels: RgbPicture) async throws -> [Float] {
        await phone.whileDescribing?()
        if let error = phone.facts.value.modelFails { throw error }
        let facts = phone.facts.value
        let isBroken = facts.isBroken || facts.isBrokenElsewhere && accelerator != .cpu
        let first = isBroken ? pixels.bytes[0] &+ 1 : pixels.bytes[0]
        return facts.isBlurred && first != pixelsOfGolden
            ? FakePhone.blurred(first) : FakePhone.descriptor(first)
    }

    func unload() async {
        phone.facts.change { $0.unloaded += 1 }
    }
}

/// A value behind a lock, for what a test changes while the app runs.
final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var held: Value

    init(_ value: Value) { held = value }

    var value: Value { lock.withLock { held } }

    func change(_ body: (inout Value) -> Void) { lock.withLock { body(&held) } }
}

/// A phone whose photos are files of one byte, decoded to a picture of that value.
final class FakePhone: Phone, @unchecked Sendable {
    struct Facts: Sendable {
        var level = ThermalLevel.nominal
        var ms = 0.0
        var stored: [String: String] = [:]
        var modelFails: EngineError?
        /// The model gives other descriptors than it was exported with.
        var isBroken = false
        /// Anywhere but on the processor.
        var isBrokenElsewhere = false
        /// Photos are like their picture by 0.4 only.
        var isBlurred = false
        var opened: [Accelerator] = []
        var unloaded = 0
        var jpegFails = false
    }

    static let dim = 16
    static let name = "fake"
    static let package = "fake.mlpackage"

    let scratch: URL
    let facts = Locked(Facts())
    var whileDescribing: (@Sendable () async -> Void)?
    var whileDecoding: (@Sendable (Data) -> Void)?

    var bundled: URL { scratch.appendingPathComponent("bundle") }
    /// The folder of the model, in the bundle.
    var carried: URL { bundled.appendingPathComponent(Self.name) }
    var folder: URL { scratch.appendingPathComponent("own") }
    var caches: URL { scratch.appendingPathComponent("caches") }
    var settings: any SettingsStore { FakeSettings(facts: facts) }
    var ownGallery: URL { folder.appendingPathComponent("added.sqlite") }
    var waiting: URL { folder.appendingPathComponent("waiting") }

    init() throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        for folder in [folder, caches, carried.appendingPathComponent(Self.package)] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try Data("weights".utf8).write(to: carried.appendingPathComponent("fake.mlpackage/w"))
        try listModels([Self.name])
        try writeManifest()
        try writeGallery()
    }

    /// A phone whose folders are copies of another's: what is there when its process is killed.
    init(killed phone: FakePhone) throws {
        scratch = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.copyItem(at: phone.scratch, to: scratch)
        facts.change { $0.stored = phone.facts.value.stored }
    }

    deinit {
        try? FileManager.default.removeItem(at: scratch)
    }

    static func descriptor(_ value: UInt8) -> [Float] {
        (0..<dim).map { $0 == Int(value) % dim ? 1 : 0 }
    }

    /// As like as 0.4 to the descriptor of its value.
    static func blurred(_ value: UInt8) -> [Float] {
        let place = Int(value) % dim
        var descriptor = [Float](repeating: 0, count: dim)
        descriptor[place] = 0.4
        descriptor[(place + 7) % dim] = Float(0.84).squareRoot()
        return descriptor
    }

    func prepare() throws {}

    func openModel(_ package: URL, accelerator: Accelerator) throws -> any Describer {
        facts.change { $0.opened.append(accelerator) }
        return FakeDescriber(try Manifest.load(besideArtefact: package), self, accelerator)
    }

    func decode(_ photo: Data) throws -> RgbPicture {
        whileDecoding?(photo)
        guard let value = photo.first,
            let picture = RgbPicture(
                width: 2, height: 2, bytes: [UInt8](repeating: value, count: 12))
        else { throw PictureError.unreadable("The photo", reason: "it is empty") }
        return picture
    }

    func jpeg(_ picture: RgbPicture, sidePx: Int) throws -> Data {
        if facts.value.jpegFails { throw PictureError.tooLarge("The picture") }
        return Data([picture.bytes[0]])
    }

    func thermalLevel() -> ThermalLevel { facts.value.level }

    /// Moves 1 ms with each look.
    func nowMs() -> Double {
        var now = 0.0
        facts.change {
            now = $0.ms
            $0.ms += 1
        }
        return now
    }

    func date() -> Date { Date(timeIntervalSince1970: 1_767_322_800) }

    func language() -> String { "en" }

    func machine() -> Machine {
        Machine(
            name: "iPhone0,0", system: "iOS 18.0", cores: 6, memoryBytes: 8 << 30,
            appVersion: "0.1.0", facts: ["thermal state at the start": "nominal"])
    }

    /// A file of one byte, as the system's picker hands a photo over; empty where nil.
    func picked(_ value: UInt8?) throws -> Picked {
        let file = scratch.appendingPathComponent(UUID().uuidString)
        try Data(value.map { [$0] } ?? []).write(to: file)
        return .success(file)
    }
}

struct FakeSettings: SettingsStore {
    let facts: Locked<FakePhone.Facts>

    func read(_ key: String) -> String? { facts.value.stored[key] }

    func write(_ key: String, _ value: String) { facts.change { $0.stored[key] = value } }
}
