// What the live screen shows over time: looking, maybe one of these, or an answer. One frame more or
// less must not make the screen flicker. Kotlin has the same; tests/golden/sightings.json holds both.

/// A picture of the gallery that a frame may show.
public struct Candidate: Equatable, Sendable {
    /// Tells things apart; pictures of one item have the same.
    public let key: String
    public let pictureId: Int64
    public let similarity: Double
    /// Places that fit one geometric model; 0 where nothing was compared.
    public let inliers: Int

    public init(key: String, pictureId: Int64, similarity: Double, inliers: Int) {
        self.key = key
        self.pictureId = pictureId
        self.similarity = similarity
        self.inliers = inliers
    }
}

/// What a search says of one frame, whichever search that was.
public struct FrameAnswer: Equatable, Sendable {
    /// When the frame was taken, on a clock that never goes back.
    public let atMs: Double
    /// The first hit; nil where there is none.
    public let best: Candidate?
    /// Whether `best` is an answer.
    public let verified: Bool
    /// Of the best in the upright frame, as shares 0 to 1 of its width and height; nil for none.
    public let outline: [Place]?
    /// What it may be, best first, where nothing is verified.
    public let candidates: [Candidate]

    public init(
        atMs: Double, best: Candidate?, verified: Bool, outline: [Place]? = nil,
        candidates: [Candidate] = []
    ) {
        self.atMs = atMs
        self.best = best
        self.verified = verified
        self.outline = outline
        self.candidates = candidates
    }
}

/// What is to be seen.
public enum Sighting: Equatable, Sendable {
    /// Nothing is known.
    case looking
    /// It may be one of these, at most `AnswerTracker.asked`.
    case maybe([Candidate])
    /// The outline says where it lies in the newest frame; nil where that frame does not tell.
    case verified(Candidate, outline: [Place]?)
}

/// Makes a calm sequence of many frames' answers.
///
/// An answer stays until another is verified, or nothing for `lastingMs`; someone is asked only after
/// `lastingUnsureMs` without an answer; and what is shown changes at most once in `leastChangeMs`, the
/// outline aside.
public struct AnswerTracker: Sendable {
    public static let lastingMs = 2000.0
    public static let lastingUnsureMs = 1000.0
    public static let leastChangeMs = 1000.0
    /// Pictures that someone is asked about at once.
    public static let asked = 3

    /// What is to be seen now.
    public private(set) var sighting = Sighting.looking
    private var changedMs = -Double.infinity
    /// When the shown answer was verified last, or the shown candidates were met last.
    private var metMs = -Double.infinity
    private var unsureSinceMs: Double?

    public init() {}

    /// Takes a frame's answer in; returns what is to be seen then.
    @discardableResult
    public mutating func take(_ frame: FrameAnswer) -> Sighting {
        if frame.verified, let best = frame.best {
            answer(frame, best)
        } else {
            unsure(frame)
        }
        return sighting
    }

    private mutating func answer(_ frame: FrameAnswer, _ best: Candidate) {
        unsureSinceMs = nil
        let shown = shownAnswer
        let isSame = shown?.key == best.key
        if isSame || mayChange(frame.atMs) {
            if !isSame { changedMs = frame.atMs }
            metMs = frame.atMs
            sighting = .verified(best, outline: frame.outline)
        } else if let shown {
            sighting = .verified(shown, outline: nil)
        }
    }

    private mutating func unsure(_ frame: FrameAnswer) {
        let isGone = frame.atMs - metMs >= Self.lastingMs && mayChange(frame.atMs)
        switch sighting {
        case .verified(let answer, _):
            if isGone {
                show(.looking, frame.atMs)
            } else {
                sighting = .verified(answer, outline: nil)
            }
        case .looking, .maybe:
            if !frame.candidates.isEmpty {
                ask(frame)
            } else if case .looking = sighting {
                unsureSinceMs = nil
            } else if isGone {
                show(.looking, frame.atMs)
            }
        }
    }

    /// Pictures to choose from stay where they are while the first of the frame is among them.
    private mutating func ask(_ frame: FrameAnswer) {
        let since = unsureSinceMs ?? frame.atMs
        unsureSinceMs = since
        let mayChange = mayChange(frame.atMs)
        if case .maybe(let shown) = sighting,
            !mayChange || shown.contains(where: { $0.key == frame.candidates.first?.key })
        {
            metMs = frame.atMs
        } else if frame.atMs - since >= Self.lastingUnsureMs, mayChange {
            metMs = frame.atMs
            show(.maybe(Array(frame.candidates.prefix(Self.asked))), frame.atMs)
        }
    }

    private var shownAnswer: Candidate? {
        if case .verified(let answer, _) = sighting { answer } else { nil }
    }

    private mutating func show(_ next: Sighting, _ atMs: Double) {
        sighting = next
        changedMs = atMs
        if next == .looking { unsureSinceMs = nil }
    }

    private func mayChange(_ atMs: Double) -> Bool { atMs - changedMs >= Self.leastChangeMs }
}
