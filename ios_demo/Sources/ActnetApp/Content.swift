// What a screen shows, as data: each screen is a pure function from its state to this, and one view
// renders any of it. So screens are tested without a phone.

import ActnetCore
import Foundation

/// A screen's content, from the top.
public struct ScreenContent: Equatable, Sendable {
    public let title: String
    public let blocks: [Block]
}

/// One thing on a screen.
public enum Block: Equatable, Sendable {
    /// The live picture of the camera.
    case preview
    case heading(String)
    case paragraph(String)
    /// A sentence on what is wrong.
    case problem(String)
    case button(String, Action)
    /// One of several values.
    case choice(title: String, options: [Option])
    /// A share from 0 to 1 of something that is going on.
    case progress(String, share: Double)
    /// A picture of the gallery with its thumbnail.
    case pictureRow(GalleryPicture, detail: String)
    /// A picture of the gallery, as large as there is room.
    case largePicture(GalleryPicture)
    /// Hands a file to another app.
    case share(String, file: URL)
}

/// A value that can be chosen.
public struct Option: Equatable, Sendable {
    public let text: String
    public let isChosen: Bool
    public let action: Action
}

/// The screens that the bar at the bottom leads to.
public enum Screen: String, CaseIterable, Sendable {
    case live = "Live"
    case results = "Photo"
    case gallery = "Gallery"
    case settings = "Settings"
    case benchmark = "Benchmark"
    case about = "About"
}

/// What someone asked for by touching something.
public enum Action: Equatable, Sendable {
    case open(Screen)
    case showPicture(Int64)
    case hidePicture
    case change(Settings)
    case delete(Int64)
    /// Adds what the camera sees to the gallery.
    case addFrame
    case stopIndexing
    case goOnIndexing
    /// Puts the gallery that came with the app back.
    case restoreGallery
    case measure(sustainedS: Double)
    case stopMeasuring
    case runSelfTest
    /// Something that only the system can do.
    case ask(SystemRequest)
}

/// What the app asks of the system, which shows a dialog or a page of its own.
public enum SystemRequest: Equatable, Sendable {
    /// Whether the camera may be used.
    case camera
    /// The page where a refused camera can be allowed again.
    case settings
    /// A photo to search with.
    case photo
    /// Photos for the gallery.
    case photos
}
