import ActnetCore

/// Milliseconds of each stage, from a photo to its matches.
public struct StageTimes: Equatable, Sendable {
    public let decodeMs: Double
    public let resizeMs: Double
    public let inferenceMs: Double
    public let searchMs: Double

    public var totalMs: Double { decodeMs + resizeMs + inferenceMs + searchMs }
}

/// What was found for a picture; the best match first.
public struct Recognition: Equatable, Sendable {
    public let matches: [Match]
    public let times: StageTimes
}
