// The state of each screen; controllers write them, content functions read them.

import ActnetCore
import Foundation

/// All that is to be seen.
public struct AppState: Equatable, Sendable {
    public var screen = Screen.live
    public var start = StartState.opening
    public var live = LiveState.starting
    public var results = ResultsState.empty
    public var gallery = GalleryState.opening
    public var benchmark = BenchmarkState.idle
    public var settings = Settings()
    /// The picture that is shown large, in front of every screen.
    public var picture: PictureState?

    public init() {}
}

/// Whether there is a model and a gallery to work with.
public enum StartState: Equatable, Sendable {
    case opening
    case ready(Ready)
    /// `gallery`: putting the app's own gallery back may help.
    case refused(String, gallery: Bool)

    public var isReady: Bool {
        if case .ready = self { true } else { false }
    }
}

/// What has been opened.
public struct Ready: Equatable, Sendable {
    public var manifest: Manifest
    /// Of this start.
    public var selfTest: SelfTest
    public var thresholds: AnswerThresholds
    /// Why the model does not run where it was wanted; nil where it does.
    public var sentence: String?
}

public enum LiveState: Equatable, Sendable {
    case starting
    /// `mayAsk` is false once the system does not show its question any more.
    case noPermission(mayAsk: Bool)
    /// The camera is missing, taken, or failed.
    case failed(String)
    /// The phone is too hot.
    case paused(String)
    case seeing(Sight)
}

/// What the live screen has seen.
public struct Sight: Equatable, Sendable {
    /// What is to be said, calm over time.
    public let sighting: Sighting
    /// Pictures that the sighting names.
    public let named: [Match]
    /// Of the newest frame.
    public let matches: [Match]
    public let times: StageTimes
    /// Frames that were looked at; nil before the second one.
    public let framesPerSecond: Double?
}

/// The screen of a picked photo.
public enum ResultsState: Equatable, Sendable {
    case empty
    case looking
    case found([Match], StageTimes)
    case failed(String)
}

public enum GalleryState: Equatable, Sendable {
    case opening
    case open(OpenGallery)
}

/// What the gallery screen tells.
public struct OpenGallery: Equatable, Sendable {
    public var info: GalleryInfo
    public var counts: GalleryCounts
    /// The latest ones.
    public var pictures: [GalleryPicture]
    public var problems: [GalleryProblem]
    /// Of indexing; nil where none goes on.
    public var progress: IndexProgress?
    /// Photos that were added and not described yet.
    public var waiting: Int
    /// What failed last, such as a full storage.
    public var sentence: String?
}

/// How far an indexing run is.
public struct IndexProgress: Equatable, Sendable {
    public let done: Int
    public let total: Int
}

public enum BenchmarkState: Equatable, Sendable {
    case idle
    /// A share from 0 to 1.
    case running(Double)
    /// `file` holds the report, as JSON.
    case done(BenchmarkResult, file: URL)
    case failed(String)

    public var isRunning: Bool {
        if case .running = self { true } else { false }
    }
}

/// The large picture of a match.
public struct PictureState: Equatable, Sendable {
    public let picture: GalleryPicture
    /// The photo, where this phone has it; elsewhere the gallery has a thumbnail alone.
    public let photo: URL?
}
