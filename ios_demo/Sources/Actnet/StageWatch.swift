/// Sums up what each stage of a search takes.
struct StageWatch {
    /// As in `StageTimes`.
    struct Times {
        var decodeMs = 0.0
        var resizeMs = 0.0
        var inferenceMs = 0.0
        var searchMs = 0.0
        var verificationMs = 0.0

        var whole: StageTimes {
            StageTimes(
                decodeMs: decodeMs, resizeMs: resizeMs, inferenceMs: inferenceMs,
                searchMs: searchMs, verificationMs: verificationMs)
        }
    }

    var times = Times()
    private let clock: @Sendable () -> Double
    private var lastMs: Double

    /// - Parameter clock: milliseconds, never going back.
    init(_ clock: @escaping @Sendable () -> Double) {
        self.clock = clock
        lastMs = clock()
    }

    /// A stage ends.
    mutating func lap(_ stage: WritableKeyPath<Times, Double>) {
        let now = clock()
        times[keyPath: stage] += now - lastMs
        lastMs = now
    }
}
