import ActnetCore

/// The live screen: which frames are looked at, and what was seen.
@MainActor
public final class LiveController {
    private static let frames = 30

    /// For the camera's thread.
    public let gate: FrameGate
    /// What the camera saw last; nil before.
    private(set) var lastPicture: RgbPicture?
    private let phone: any Phone
    private let store: Store
    private var intervals = RecentSamples(capacity: LiveController.frames)
    private var lastMs: Double?
    private var tracker = AnswerTracker()
    /// Matches of earlier frames, by picture: what is shown may be in none of the newest.
    private var known: [Int64: Match] = [:]

    init(_ phone: any Phone, _ store: Store) {
        self.phone = phone
        self.store = store
        gate = FrameGate(phone)
    }

    /// The camera starts, or may start: what stood in its way is forgotten.
    public func starting() {
        intervals = RecentSamples(capacity: Self.frames)
        lastMs = nil
        if let session = store.session { Task { await session.cameraStarts() } }
        tracker = AnswerTracker()
        known = [:]
        store.state.live = .starting
    }

    public func refused(mayAsk: Bool) {
        store.state.live = .noPermission(mayAsk: mayAsk)
    }

    /// The camera is missing, taken, or failed.
    public func failed(_ sentence: String) {
        store.state.live = .failed(sentence)
    }

    /// The phone's heat has changed; too hot a phone pauses, and goes on by itself.
    public func heatChanged() {
        let isPaused = if case .paused = store.state.live { true } else { false }
        if phone.thermalLevel() == .critical {
            store.state.live = .paused("The phone is too hot; the camera is paused until it cools.")
        } else if isPaused {
            starting()
        }
    }

    /// Looks at a frame that the gate has let through.
    ///
    /// - Parameter spentMs: what copying it took.
    public func look(at picture: RgbPicture, spentMs: Double) async {
        defer { gate.end() }
        guard let session = store.session, store.state.wantsCamera else { return }
        lastPicture = picture
        let top = store.state.settings.top
        do {
            let found = try await session.recognise(top: top, spentMs: spentMs, isFrame: true) {
                picture
            }
            let share = store.state.settings.falseAnswers
            let atMs = phone.nowMs()
            // A frame of a moving camera says nothing; what was seen last stays for a while.
            let answer =
                found.isWhole
                ? try await session.answer(found.matches, falseAnswers: share, atMs: atMs)
                : FrameAnswer(atMs: atMs, best: nil, verified: false)
            show(found, answer)
        } catch {
            store.state.live = .failed(sentences(error))
        }
    }

    private func show(_ found: Recognition, _ answer: FrameAnswer) {
        let sighting = tracker.take(answer)
        for match in found.matches { known[match.picture.id] = match }
        let shown = shownIds(sighting)
        known = known.filter { shown.contains($0.key) }
        let now = phone.nowMs()
        if let lastMs { intervals.add(now - lastMs) }
        lastMs = now
        let rate = intervals.summary.map { 1000 / $0.p50Ms }
        // While it was looked at, the camera may have been refused, or the phone have become hot.
        switch store.state.live {
        case .starting, .seeing, .failed:
            store.state.live = .seeing(
                Sight(
                    sighting: sighting, named: shown.compactMap { known[$0] },
                    matches: found.matches, times: found.times, framesPerSecond: rate))
        case .noPermission, .paused: break
        }
    }

    private func shownIds(_ sighting: Sighting) -> [Int64] {
        switch sighting {
        case .looking: []
        case .maybe(let candidates): candidates.map(\.pictureId)
        case .verified(let answer, _): [answer.pictureId]
        }
    }
}
