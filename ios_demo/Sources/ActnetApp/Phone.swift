import Actnet
import Foundation

/// All that the app asks of the phone it runs on; tests have one of their own.
public protocol Phone: Sendable {
    /// What came with the app: an artefact, its manifest, a gallery. Nobody writes it.
    var bundled: URL { get }
    /// The app's own folder, protected while the phone is locked and never backed up.
    var folder: URL { get }
    /// What the system may remove at any time.
    var caches: URL { get }
    var settings: any SettingsStore { get }

    /// Makes the folders ready.
    func prepare() throws
    func openModel(_ package: URL, accelerator: Accelerator) throws -> any Describer
    /// Decodes a photo's file, upright.
    func decode(_ photo: Data) throws -> RgbPicture
    /// Returns a JPEG file whose longest side is at most `sidePx`.
    func jpeg(_ picture: RgbPicture, sidePx: Int) throws -> Data
    func thermalLevel() -> ThermalLevel
    /// On a clock that never goes back.
    func nowMs() -> Double
    func date() -> Date
    /// The language that texts of the catalogue are wanted in, such as `de`.
    func language() -> String
    /// The phone for a benchmark's report; its facts are of this moment.
    func machine() -> Machine
}

/// The phone that was measured, as a report tells it (docs/bench-report.md).
public struct Machine: Codable, Equatable, Sendable {
    public var kind = "ios"
    /// Such as iPhone17,3; no name that an owner gave.
    public let name: String
    public var architecture = "arm64"
    public let system: String
    public let cores: Int
    public let memoryBytes: UInt64
    public var flags: [String] = []
    public var virtual = false
    public var governor = ""
    public let packages: [String: String]
    public let facts: [String: String]

    public init(
        name: String, system: String, cores: Int, memoryBytes: UInt64, appVersion: String,
        facts: [String: String]
    ) {
        self.name = name
        self.system = system
        self.cores = cores
        self.memoryBytes = memoryBytes
        packages = ["mobile-actnet": appVersion]
        self.facts = facts
    }
}
