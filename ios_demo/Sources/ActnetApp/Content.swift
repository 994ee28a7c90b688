// What a screen shows, as data: each screen is a pure function from its state to this, and one view
// renders any of it. So screens are tested without a phone. Kotlin has the same;
// tests/golden/screens.json holds both.

import Actnet
import Foundation

/// A screen's content, from the top.
public struct ScreenContent: Equatable, Sendable {
    public let title: String
    public let blocks: [Block]
}

/// One thing on a screen.
public enum Block: Equatable, Sendable {
    /// The live picture of the camera, as large as there is room.
    ///
    /// `label` is what a screen reader says of it; `outline` that of the answer, as shares of the upright
    /// frame, nil for none; `aims` whether there is a square to aim with: not while something is answered.
    case preview(label: String, outline: [Place]?, aims: Bool)
    /// `announced`: a screen reader says it as soon as it changes.
    case heading(String, announced: Bool = false)
    case paragraph(String)
    /// A sentence on what is wrong.
    case problem(String)
    case button(String, Action)
    /// One of several values.
    case choice(title: String, options: [Option])
    /// A share from 0 to 1 of something that is going on.
    case progress(String, share: Double)
    /// A picture of the gallery with its thumbnail.
    case pictureRow(Thing, title: String, detail: String, Action)
    /// A picture of the gallery, as large as there is room; `label` is what a screen reader says of it.
    case largePicture(id: Int64, path: String, label: String)
    /// A line that someone writes.
    case field(label: String, text: String, Input)
    /// Hands a file to another app.
    case share(String, file: URL)
}

/// Puts blocks below each other; sums of many lists take the compiler minutes.
func stacked(_ parts: [Block]...) -> [Block] { parts.flatMap { $0 } }

/// What a written line is for.
public enum Input: String, Sendable {
    case search, name
}

/// A value that can be chosen.
public struct Option: Equatable, Sendable {
    public let text: String
    public let isChosen: Bool
    public let action: Action
    /// What a screen reader says of it.
    public let label: String
}

/// The screens.
public enum Screen: String, CaseIterable, Sendable {
    case live, results, history, gallery, settings, benchmark, about

    /// Of its name.
    public var key: String { "screen_\(rawValue)" }

    /// The screen of the bar at the bottom that it belongs to.
    public var barScreen: Screen {
        switch self {
        case .results: .live
        case .benchmark, .about: .settings
        default: self
        }
    }

    /// Those that the bar leads to.
    public static var inBar: [Screen] { allCases.filter { $0.barScreen == $0 } }
}

/// What someone asked for by touching something.
public enum Action: Hashable, Sendable {
    case open(Screen)
    case showPicture(Int64)
    /// Someone says that it is this picture.
    case pick(Int64)
    /// None of the pictures that were asked about.
    case noneOfThese
    case change(Settings)
    /// Takes a photo that was added on this phone out of the gallery.
    case delete(String)
    /// Gives the photo that is shown the name that is written.
    case rename(String)
    case measure(sustainedS: Double)
    /// Holds the camera's picture, or goes on.
    case freeze(Bool)
    /// Switches the lamp beside the camera.
    case torch(Bool)
    /// Hands a text to another app.
    case share(String)
    /// Starts the camera for the first time.
    case start
    /// Adds what the camera sees to the gallery.
    case addFrame
    /// Takes the photos that were added last out again.
    case undoAdding
    /// Shows more of the gallery.
    case showMore
    case clearHistory
    case stopIndexing
    case goOnIndexing
    /// Puts the gallery that came with the app back.
    case restoreGallery
    case stopMeasuring
    case runSelfTest
    /// Leaves the page of an item.
    case back
    /// Something that only the system can do.
    case ask(SystemRequest)
}

/// What the app asks of the system, which shows a dialog or a page of its own.
public enum SystemRequest: Hashable, Sendable {
    /// Whether the camera may be used.
    case camera
    /// The page where a refused camera can be allowed again.
    case settings
    /// A photo to search with.
    case photo
    /// Photos for the gallery.
    case photos
    /// A page of the web, or a mail.
    case link(String)
}

extension Block {
    /// What a view of it means: one under a finger stays the same while that does, and never comes to mean
    /// something else.
    var meaning: String {
        switch self {
        case .preview: "preview"
        case .heading: "heading"
        case .paragraph: "paragraph"
        case .problem: "problem"
        case .progress: "progress"
        case .button(_, let action): "button \(action)"
        case .choice(_, let options): "choice \(options.map(\.text))"
        case .pictureRow(let thing, _, _, let action): "row \(thing.path) \(action)"
        case .largePicture(_, let path, _): "picture \(path)"
        case .field(_, _, let input): "field \(input)"
        case .share(_, let file): "share \(file.path)"
        }
    }
}

/// A block with what tells its view from others.
public struct IdentifiedBlock: Identifiable, Sendable {
    public let id: String
    public let block: Block
}

extension ScreenContent {
    /// Whether someone is asked to choose: the preview then leaves room for what there is to choose from.
    public var asks: Bool {
        blocks.contains { block in
            if case .pictureRow(_, _, _, .pick) = block { true } else { false }
        }
    }

    /// What a screen reader says by itself as soon as it is there, or changes: answers, and what is wrong.
    public var announcements: [String] {
        blocks.compactMap { block in
            switch block {
            case .heading(let text, true), .problem(let text): text
            default: nil
            }
        }
    }

    /// The blocks, each with an identity that stays when others are put in or taken out around it.
    public var identified: [IdentifiedBlock] {
        var seen: [String: Int] = [:]
        return blocks.map { block in
            let meaning = block.meaning
            let number = seen[meaning, default: 0]
            seen[meaning] = number + 1
            return IdentifiedBlock(id: "\(meaning) \(number)", block: block)
        }
    }
}
