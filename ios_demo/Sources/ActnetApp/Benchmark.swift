import Actnet
import Foundation

/// How much is measured.
struct BenchmarkPlan: Sendable {
    var warmUpRuns = 5
    var runs = 50
    /// Seconds that the model runs without pause; 0 for none.
    var sustainedS = 0.0
}

/// Measures a phone: the whole way and the model alone, then the model for minutes without pause.
struct Benchmark: Sendable {
    private static let top = 10
    private static let windowS = 10.0

    let session: Session
    let phone: any Phone
    /// The same every time.
    let photo: URL
    /// Told the share that is done; false ends the benchmark.
    let goOn: @MainActor @Sendable (Double) -> Bool

    /// Returns nil where it was stopped.
    func run(_ plan: BenchmarkPlan) async throws -> BenchmarkResult? {
        let size = session.manifest.preprocessing
        guard let golden = GoldenPicture.draw(width: size.width, height: size.height) else {
            throw PictureError.tooLarge("The golden picture")
        }
        var stages: [StageTimes] = []
        var alone: [Double] = []
        for run in -plan.warmUpRuns..<plan.runs {
            guard await goOn(Double(max(0, run)) / Double(plan.runs)) else { return nil }
            let times = try await session.recognise(top: Self.top) {
                try phone.decode(readPhoto(photo))
            }.times
            let aloneMs = try await timedMs(golden)
            guard run >= 0 else { continue }
            stages.append(times)
            alone.append(aloneMs)
        }
        guard let windows = try await sustained(plan.sustainedS, golden),
            let summary = LatencySummary(samplesMs: alone), let stages = StageSummaries(stages)
        else { return nil }
        return BenchmarkResult(
            inferenceMs: alone, inference: summary, stages: stages, windows: windows)
    }

    private func sustained(_ seconds: Double, _ picture: RgbPicture) async throws -> [Window]? {
        let start = phone.nowMs()
        var windows: [Window] = []
        var samples: [Double] = []
        var windowStart = 0.0
        while true {
            let now = (phone.nowMs() - start) / 1000
            if now - windowStart >= Self.windowS || now >= seconds {
                if let summary = LatencySummary(samplesMs: samples) {
                    windows.append(Window(atS: (windowStart + now) / 2, summary))
                }
                (samples, windowStart) = ([], now)
            }
            if now >= seconds { return windows }
            guard await goOn(now / seconds) else { return nil }
            samples.append(try await timedMs(picture))
        }
    }

    private func timedMs(_ picture: RgbPicture) async throws -> Double {
        let start = phone.nowMs()
        _ = try await session.describer.describe(pixels: picture)
        return phone.nowMs() - start
    }
}

/// A stretch of a sustained run.
public struct Window: Codable, Equatable, Sendable {
    /// Its middle, from the start.
    public let atS: Double
    public let p50Ms: Double
    public let p90Ms: Double
    public let runs: Int

    init(atS: Double, _ summary: LatencySummary) {
        self.atS = atS
        p50Ms = summary.p50Ms
        p90Ms = summary.p90Ms
        runs = summary.count
    }
}

/// What each stage took, by its name in a report.
public struct StageSummaries: Codable, Equatable, Sendable {
    public let decode: LatencySummary
    public let resize: LatencySummary
    public let inference: LatencySummary
    public let search: LatencySummary
    public let total: LatencySummary

    /// Returns nil where there is no run.
    init?(_ times: [StageTimes]) {
        func summary(_ stage: KeyPath<StageTimes, Double>) -> LatencySummary? {
            LatencySummary(samplesMs: times.map { $0[keyPath: stage] })
        }
        guard let decode = summary(\.decodeMs), let resize = summary(\.resizeMs),
            let inference = summary(\.inferenceMs), let search = summary(\.searchMs),
            let total = summary(\.totalMs)
        else { return nil }
        self.decode = decode
        self.resize = resize
        self.inference = inference
        self.search = search
        self.total = total
    }

    var named: [(String, LatencySummary)] {
        [
            ("decode", decode), ("resize", resize), ("inference", inference), ("search", search),
            ("total", total),
        ]
    }
}

/// What the benchmark measured.
public struct BenchmarkResult: Equatable, Sendable {
    /// Every counted run of the model alone, in order.
    public let inferenceMs: [Double]
    public let inference: LatencySummary
    public let stages: StageSummaries
    /// Of the sustained run; empty where none was made.
    public let windows: [Window]

    /// Median of the last tenth of the windows over that of the first; nil without windows.
    public var slowdown: Double? {
        let tenth = max(1, windows.count / 10)
        guard let first = LatencySummary(samplesMs: windows.prefix(tenth).map(\.p50Ms)),
            let last = LatencySummary(samplesMs: windows.suffix(tenth).map(\.p50Ms))
        else { return nil }
        return last.p50Ms / first.p50Ms
    }
}
