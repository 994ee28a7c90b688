// The state of each screen; controllers write them, content functions read them.

import Actnet
import Foundation

/// All that is to be seen.
public struct AppState: Equatable, Sendable {
    public var screen = Screen.live
    public var start = StartState.opening()
    public var live = LiveState.starting
    public var results = ResultsState.empty
    public var gallery = GalleryState.opening
    public var benchmark = BenchmarkState.idle
    public var settings = Settings()
    public var models = ModelsState()
    /// The page of an item, in front of every screen.
    public var picture: PictureState?
    /// What was recognised or picked, the newest first.
    public var history: [Thing] = []
    /// Whether the lamp beside the camera is on; nil where there is none.
    public var torch: Bool?
    /// Grows with each thing that is recognised; the phone ticks.
    public var ticks = 0

    public init() {}
}

/// Whether there is a model and a gallery to work with.
public enum StartState: Equatable, Sendable {
    /// `model` is being opened; nil where it is not known yet.
    case opening(model: String? = nil)
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
    /// Where the model runs.
    public var accelerator: Accelerator
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
    case paused
    case seeing(Seen)
}

/// What the live screen has seen.
public struct Seen: Equatable, Sendable {
    public var sight: Sight
    /// Of the newest frame.
    public let figures: Figures
    /// Frames that were looked at; nil before the second one.
    public let framesPerSecond: Double?
    /// Whether the camera's picture is held.
    public var isFrozen = false
}

/// What is to be said of a frame or photo.
public enum Sight: Equatable, Sendable {
    /// The gallery has no picture.
    case empty
    /// Nothing is known; of a photo: it is not in the catalogue.
    case nothing
    /// It may be one of these.
    case asked([Thing])
    /// `outline` says where it lies, as shares of the upright frame; nil where that is not known.
    case answered(Thing, outline: [Place]?, others: [Thing])
}

/// What developers want to know of a search.
public struct Figures: Equatable, Sendable {
    public let matches: [Match]
    public let times: StageTimes
}

/// The screen of a picked photo.
public enum ResultsState: Equatable, Sendable {
    case empty
    case looking
    case found(Sight, Figures)
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
    /// What pictures are searched by; empty for all.
    public var words = ""
    /// The latest that have the words.
    public var things: [Thing]
    /// How many have them.
    public var matching: Int
    public var problems: [GalleryProblem]
    /// Of indexing; nil where none goes on.
    public var progress: IndexProgress?
    /// Photos that were added and not described yet.
    public var waiting: Int
    /// What failed last, such as a full storage.
    public var sentence: String?
    /// Whether photos were added that can be taken out at once.
    public var undoable = false
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

/// The page of an item.
public struct PictureState: Equatable, Sendable {
    public let thing: Thing
    public let picture: GalleryPicture
    /// The photo, where it was added on this phone, and so can be deleted and named.
    public let photo: URL?
    /// What is being written.
    public var name: String
}

/// The models that the app has.
public struct ModelsState: Equatable, Sendable {
    /// In the build's order; empty before they have been read.
    public var carried: [CarriedModel] = []
    /// The name of the one that is used, or is to be; nil before.
    public var used: String?
    /// Why it is not the one that was chosen; nil where it is.
    public var sentence: String?
}
