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
    private let phone: any Phone
    private var lastMs: Double

    init(_ phone: any Phone) {
        self.phone = phone
        lastMs = phone.nowMs()
    }

    /// A stage ends.
    mutating func lap(_ stage: WritableKeyPath<Times, Double>) {
        let now = phone.nowMs()
        times[keyPath: stage] += now - lastMs
        lastMs = now
    }
}
