// The app's own gallery and the photos of the phone: two files, searched as one.

import Foundation

/// What a search and the screens ask of a gallery, be it one file or two.
public protocol PictureSource {
    /// Whether pictures have local features, so that hits can be verified.
    var hasLocalFeatures: Bool { get }
    /// The certainty from which a hit is an answer.
    var verifiedFrom: Double { get }

    /// Looks a picture up; nil where it has gone.
    func picture(_ id: Int64) throws -> GalleryPicture?
    /// Returns a picture's local features; nil where it has none.
    func localFeatures(_ id: Int64) throws -> LocalFeatures?
    /// Returns what the catalogue says of a picture; nil where it says nothing.
    func item(ofPicture id: Int64) throws -> GalleryItem?
}

/// A gallery with all that screens show of it.
public protocol GallerySource: PictureSource {
    var info: GalleryInfo { get }

    /// Reads all descriptors into one matrix, in rising order of ids.
    func load() throws -> Database
    /// Returns a picture's thumbnail, a JPEG file; nil where there is none.
    func thumbnail(_ id: Int64) throws -> Data?
    /// Returns a larger JPEG file for an item's page; nil where there is none.
    func pagePicture(_ id: Int64) throws -> Data?
    /// Returns the number of the picture of a path; nil where it has gone.
    func id(ofPath path: String) throws -> Int64?
    /// Returns pictures whose title, path or item has `words`, the newest first; all where it is empty.
    func pictures(with words: String, limit: Int, offset: Int) throws -> [GalleryPicture]
    /// Number of pictures that have `words` so.
    func count(with words: String) throws -> Int
    /// Number of pictures, and of different labels.
    func counts() throws -> GalleryCounts
    /// Returns each photo that could not be read.
    func problems() throws -> [GalleryProblem]
}

extension GalleryReader: GallerySource {}

/// The gallery that came with the app, and what someone added on this phone.
///
/// A newer app brings another of the first; the second stays. Numbers of added pictures begin at
/// `firstAdded`. For one thread at a time.
public final class GalleryPair: GallerySource {
    /// No gallery of a computer has as many pictures.
    public static let firstAdded: Int64 = 1 << 48

    /// That of the app.
    public let shipped: GalleryReader
    /// That of the phone; made by the same model.
    public let added: GalleryReader

    public init(shipped: GalleryReader, added: GalleryReader) {
        self.shipped = shipped
        self.added = added
    }

    public var info: GalleryInfo { shipped.info }
    public var hasLocalFeatures: Bool { shipped.hasLocalFeatures }
    public var verifiedFrom: Double { shipped.verifiedFrom }

    /// Tells whether an app's own gallery and one of the phone's photos can be searched as one.
    public static func fit(_ shipped: GalleryReader, _ added: GalleryReader) -> Bool {
        shipped.info.model == added.info.model && shipped.info.storage == added.info.storage
            && shipped.hasLocalFeatures == added.hasLocalFeatures
    }

    /// Reads all descriptors into one matrix, in rising order of ids.
    public func load() throws -> Database {
        var rows = StoredDescriptorsBuilder(dim: info.model.dim, storage: info.storage)
        let first = try shipped.load(into: &rows)
        let second = try added.load(into: &rows)
        return Database(ids: first + second.map { Self.firstAdded + $0 }, stored: rows.build())
    }

    public func picture(_ id: Int64) throws -> GalleryPicture? {
        try of(id) { try $0.picture($1) }?.numbered(id)
    }

    /// Returns the number of the picture of a path, those of the phone first; nil where it has gone.
    public func id(ofPath path: String) throws -> Int64? {
        if let id = try added.id(ofPath: path) { return Self.firstAdded + id }
        return try shipped.id(ofPath: path)
    }

    /// Returns a picture's thumbnail, a JPEG file; nil where there is none.
    public func thumbnail(_ id: Int64) throws -> Data? {
        try of(id) { try $0.thumbnail($1) }
    }

    /// Returns a larger JPEG file for an item's page; nil where there is none.
    public func pagePicture(_ id: Int64) throws -> Data? {
        try of(id) { try $0.pagePicture($1) }
    }

    public func localFeatures(_ id: Int64) throws -> LocalFeatures? {
        try of(id) { try $0.localFeatures($1) }
    }

    public func item(ofPicture id: Int64) throws -> GalleryItem? {
        try of(id) { try $0.item(ofPicture: $1) }
    }

    /// Returns pictures whose title, path or item has `words`, those of the phone first, newest first.
    public func pictures(
        with words: String, limit: Int, offset: Int = 0
    ) throws -> [GalleryPicture] {
        let ofPhone = try added.pictures(with: words, limit: limit, offset: offset)
            .map { $0.numbered(Self.firstAdded + $0.id) }
        guard ofPhone.count < limit else { return ofPhone }
        let skipped = max(0, offset - (try added.count(with: words)))
        return try ofPhone
            + shipped.pictures(with: words, limit: limit - ofPhone.count, offset: skipped)
    }

    /// Number of pictures that have `words`; of all where it is empty.
    public func count(with words: String) throws -> Int {
        try shipped.count(with: words) + added.count(with: words)
    }

    /// Number of pictures, and of different labels.
    public func counts() throws -> GalleryCounts {
        let (one, other) = (try shipped.counts(), try added.counts())
        return GalleryCounts(
            pictures: one.pictures + other.pictures, labels: one.labels + other.labels)
    }

    /// Returns each photo that could not be read, those of the phone first.
    public func problems() throws -> [GalleryProblem] {
        try added.problems() + shipped.problems()
    }

    private func of<Result>(
        _ id: Int64, _ look: (GalleryReader, Int64) throws -> Result
    ) throws -> Result {
        id < Self.firstAdded
            ? try look(shipped, id) : try look(added, id - Self.firstAdded)
    }
}

extension GalleryPicture {
    fileprivate func numbered(_ id: Int64) -> GalleryPicture {
        GalleryPicture(id: id, path: path, label: label, widthPx: widthPx, heightPx: heightPx)
    }
}
