/// Percentiles of latencies, as the benchmarks of the project state them.
public struct LatencySummary: Codable, Equatable, Sendable {
    public let count: Int
    public let p50Ms: Double
    public let p90Ms: Double
    public let p99Ms: Double
    public let meanMs: Double
    public let minMs: Double
    /// (p90 - p50) / p50; on a quiet machine below 0.1.
    public let spread: Double

    /// Returns nil where there is no sample, or one that is not finite.
    public init?(samplesMs: [Double]) {
        guard !samplesMs.isEmpty, samplesMs.allSatisfy(\.isFinite) else { return nil }
        let sorted = samplesMs.sorted()
        count = sorted.count
        p50Ms = percentile(sorted, 0.5)
        p90Ms = percentile(sorted, 0.9)
        p99Ms = percentile(sorted, 0.99)
        meanMs = sorted.reduce(0, +) / Double(sorted.count)
        minMs = sorted[0]
        spread = p50Ms > 0 ? (p90Ms - p50Ms) / p50Ms : 0
    }
}

/// Returns a percentile, linear between samples.
///
/// - Parameters:
///   - sorted: at least one, in rising order. share: 0 to 1.
func percentile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
}

/// The last samples of something that goes on, for figures on a screen.
public struct RecentSamples: Sendable {
    private let capacity: Int
    private var samples: [Double] = []
    private var next = 0

    /// - Parameter capacity: samples that are kept, at least 1.
    public init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Adds a sample; the oldest goes where there are too many.
    public mutating func add(_ sample: Double) {
        if samples.count < capacity {
            samples.append(sample)
        } else {
            samples[next] = sample
            next = (next + 1) % capacity
        }
    }

    public var summary: LatencySummary? { LatencySummary(samplesMs: samples) }
}
