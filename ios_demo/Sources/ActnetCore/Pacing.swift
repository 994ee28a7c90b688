/// How hot the phone is, in Apple's words.
public enum ThermalLevel: Int, Comparable, Sendable {
    case nominal, fair, serious, critical

    public static func < (one: ThermalLevel, other: ThermalLevel) -> Bool {
        one.rawValue < other.rawValue
    }
}

/// Decides which camera frames are described.
///
/// One frame is in work at a time, and the processor rests between them: a share of the time that
/// grows with the heat. The intervals are those of the Android app.
public struct FramePacing: Sendable {
    private static let leastIntervalMs = 33.0
    private static let fairIntervalMs = 200.0
    private static let seriousIntervalMs = 1000.0

    private var startMs: Double?
    private var nextMs = -Double.infinity
    private var busy = false

    public init() {}

    /// Tells whether to describe the frame that has come now; if so, `end` must follow.
    ///
    /// - Parameter nowMs: on a clock that never goes back.
    public mutating func begin(nowMs: Double, level: ThermalLevel) -> Bool {
        guard level < .critical, !busy, nowMs >= nextMs else { return false }
        busy = true
        startMs = nowMs
        return true
    }

    /// Notes that the frame has ended, whatever came of it.
    public mutating func end(nowMs: Double, level: ThermalLevel) {
        busy = false
        if let startMs {
            nextMs = startMs + Self.intervalMs(tookMs: nowMs - startMs, level: level)
        }
    }

    /// Milliseconds from the start of one frame to that of the next.
    public static func intervalMs(tookMs: Double, level: ThermalLevel) -> Double {
        switch level {
        case .nominal: max(leastIntervalMs, tookMs)
        case .fair: max(fairIntervalMs, 2 * tookMs)
        case .serious, .critical: max(seriousIntervalMs, 5 * tookMs)
        }
    }
}
