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
            show(found)
        } catch {
            store.state.live = .failed(sentences(error))
        }
    }

    private func show(_ found: Recognition) {
        let now = phone.nowMs()
        if let lastMs { intervals.add(now - lastMs) }
        lastMs = now
        let rate = intervals.summary.map { 1000 / $0.p50Ms }
        // While it was looked at, the camera may have been refused, or the phone have become hot.
        switch store.state.live {
        case .starting, .seeing, .failed:
            // What was seen last stays while the camera moves.
            var matches = found.matches
            if !found.isWhole, case .seeing(let sight) = store.state.live {
                matches = sight.matches
            }
            store.state.live = .seeing(
                Sight(matches: matches, times: found.times, framesPerSecond: rate))
        case .noPermission, .paused: break
        }
    }
}
