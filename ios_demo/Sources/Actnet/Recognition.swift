/// Milliseconds of each stage, from a photo to its matches.
public struct StageTimes: Equatable, Sendable {
    public let decodeMs: Double
    public let resizeMs: Double
    public let inferenceMs: Double
    public let searchMs: Double
    /// Taking local features from the photo, and comparing them.
    public let verificationMs: Double

    public init(
        decodeMs: Double, resizeMs: Double, inferenceMs: Double, searchMs: Double,
        verificationMs: Double = 0
    ) {
        self.decodeMs = decodeMs
        self.resizeMs = resizeMs
        self.inferenceMs = inferenceMs
        self.searchMs = searchMs
        self.verificationMs = verificationMs
    }

    public var totalMs: Double { decodeMs + resizeMs + inferenceMs + searchMs + verificationMs }
}

/// What was found for a picture; the best match first.
public struct Recognition: Equatable, Sendable {
    public let matches: [Match]
    public let times: StageTimes
    /// Whether all was done that can be: false for a frame that is not steady. Its matches are those of
    /// the whole photo, and none is an answer.
    public let isWhole: Bool

    public init(matches: [Match], times: StageTimes, isWhole: Bool = true) {
        self.matches = matches
        self.times = times
        self.isWhole = isWhole
    }
}
