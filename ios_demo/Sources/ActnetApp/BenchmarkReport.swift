import Actnet
import Foundation

/// A phone's benchmark as the JSON that `actnet-bench` reads: docs/bench-report.md, schema 1.
struct BenchmarkReport: Encodable {
    var schema = 1
    let created: String
    var command = "iOS demo, benchmark screen"
    let machine: Machine
    let measurements: [Measurement]
    let sustained: [Sustained]
    let stages: [Stages]

    struct Measurement: Encodable {
        let network: String
        let runtime: String
        var runtimeVersion = ""
        let precision: String
        let size: String
        /// Core ML chooses its threads itself.
        var numThreads = 1
        let weights: String
        let artefactSha256: String
        let artefactBytes: Int
        let samplesMs: [Double]
        let summary: LatencySummary
    }

    struct Sustained: Encodable {
        let measurement: Measurement
        let windows: [Window]
        let slowdown: Double
    }

    struct Stages: Encodable {
        let setting: String
        var picture = "generated"
        let gallery: Int
        var search = "exact, Swift"
        let stagesMs: StageSummaries
    }

    /// - Parameters:
    ///   - machine: at the start.
    ///   - gallerySize: pictures that were searched.
    init(
        _ result: BenchmarkResult, _ manifest: Manifest, _ accelerator: Accelerator,
        machine: Machine, gallerySize: Int, created: Date
    ) {
        let size = "\(manifest.preprocessing.height)x\(manifest.preprocessing.width)"
        let runtime = "\(manifest.format) \(accelerator.rawValue)"
        let measurement = Measurement(
            network: manifest.name, runtime: runtime, precision: manifest.precision, size: size,
            weights: manifest.checkpoint.name, artefactSha256: manifest.artefact.sha256,
            artefactBytes: manifest.artefact.sizeBytes, samplesMs: result.inferenceMs,
            summary: result.inference)
        self.created = ISO8601DateFormatter().string(from: created)
        self.machine = machine
        measurements = [measurement]
        sustained =
            result.slowdown.map {
                [Sustained(measurement: measurement, windows: result.windows, slowdown: $0)]
            } ?? []
        stages = [
            Stages(
                setting: "\(runtime) \(manifest.precision), \(size), 1 thread",
                gallery: gallerySize, stagesMs: result.stages)
        ]
    }

    /// The report as a file's bytes.
    var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return try encoder.encode(self)
        }
    }
}
