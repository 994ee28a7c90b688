import Actnet

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
    /// Told each thing that is recognised, once.
    private let recognised: (Thing) -> Void
    private var intervals = RecentSamples(capacity: LiveController.frames)
    private var lastMs: Double?
    private var tracker = AnswerTracker()

    init(_ phone: any Phone, _ store: Store, recognised: @escaping (Thing) -> Void) {
        self.phone = phone
        self.store = store
        self.recognised = recognised
        gate = FrameGate(phone)
    }

    /// The camera starts, or may start: what stood in its way is forgotten.
    public func starting() {
        begin()
        store.state.live = .starting
    }

    public func refused(mayAsk: Bool) {
        store.state.live = .noPermission(mayAsk: mayAsk)
    }

    /// The camera is missing, taken, or failed.
    public func failed(_ sentence: String) {
        store.state.live = .failed(sentence)
    }

    /// The camera has a lamp, which is off, or none.
    public func torchFound(_ isThere: Bool) {
        store.state.torch = isThere ? false : nil
    }

    /// The phone's heat has changed; too hot a phone pauses, and goes on by itself.
    public func heatChanged() {
        let isPaused = if case .paused = store.state.live { true } else { false }
        if phone.thermalLevel() == .critical {
            store.state.live = .paused
        } else if isPaused {
            starting()
        }
    }

    /// Shows no match any more: its gallery has been closed.
    func forget() {
        begin()
        if case .seeing = store.state.live { store.state.live = .starting }
    }

    /// Holds what is seen, or goes on.
    func freeze(_ isFrozen: Bool) {
        gate.hold(isFrozen)
        guard case .seeing(var seen) = store.state.live else { return }
        seen.isFrozen = isFrozen
        store.state.live = .seeing(seen)
    }

    /// Switches the lamp on or off, where there is one; the camera follows the state.
    func torch(_ isOn: Bool) {
        if store.state.torch != nil { store.state.torch = isOn }
    }

    /// Someone says that it is none of the things that were asked about.
    func askedInVain() {
        begin()
        guard case .seeing(var seen) = store.state.live else { return }
        (seen.sight, seen.isFrozen) = (.nothing, false)
        store.state.live = .seeing(seen)
    }

    /// Looks at a frame that the gate has let through.
    ///
    /// - Parameter spentMs: what copying it took.
    public func look(at picture: RgbPicture, spentMs: Double) async {
        defer { gate.end() }
        guard let session = store.session, store.state.wantsCamera else { return }
        lastPicture = picture
        let settings = store.state.settings
        do {
            let recognition = try await session.recognise(
                top: settings.top, spentMs: spentMs, isFrame: true
            ) { picture }
            let atMs = phone.nowMs()
            // A frame of a moving camera says nothing; what was seen last stays for a while.
            let answer =
                recognition.isWhole
                ? try await session.answer(
                    recognition.matches, falseAnswers: settings.falseAnswers, atMs: atMs)
                : FrameAnswer(atMs: atMs, best: nil, verified: false)
            // Held meanwhile: what is shown stays.
            guard !gate.isHeld, store.session === session else { return }
            let sighting = tracker.take(answer)
            let sight = recognition.matches.isEmpty ? .empty : try await session.sight(sighting)
            show(sight, Figures(matches: recognition.matches, times: recognition.times))
        } catch {
            store.state.live = .failed(sentences(error))
        }
    }

    private func show(_ sight: Sight, _ figures: Figures) {
        let now = phone.nowMs()
        if let lastMs { intervals.add(now - lastMs) }
        lastMs = now
        let rate = intervals.summary.map { 1000 / $0.p50Ms }
        // While it was looked at, the camera may have been refused, or the phone have become hot.
        switch store.state.live {
        case .starting, .seeing, .failed:
            let before = store.state.live.answer
            store.state.live = .seeing(
                Seen(sight: sight, figures: figures, framesPerSecond: rate))
            if case .answered(let thing, _, _) = sight, thing.path != before?.path {
                recognised(thing)
            }
        case .noPermission, .paused: break
        }
    }

    private func begin() {
        intervals = RecentSamples(capacity: Self.frames)
        lastMs = nil
        tracker = AnswerTracker()
        gate.hold(false)
        if let session = store.session { Task { await session.recogniser.cameraStarts() } }
    }
}

extension LiveState {
    /// The thing that is shown as recognised; nil for none.
    fileprivate var answer: Thing? {
        guard case .seeing(let seen) = self, case .answered(let thing, _, _) = seen.sight else {
            return nil
        }
        return thing
    }
}
