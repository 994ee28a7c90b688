// Pictures of the gallery as screens name them: by what the catalogue says of them.

import Actnet
import Foundation

/// A picture with what the catalogue says of it.
public struct Thing: Equatable, Sendable {
    public let pictureId: Int64
    public let path: String
    /// Empty for a photo of this phone that no one has named.
    public var title: String
    /// nil where nothing is known; likewise `text` and `link`.
    public var maker: String?
    public var text: String?
    public var link: String?

    public init(
        pictureId: Int64, path: String, title: String, maker: String? = nil, text: String? = nil,
        link: String? = nil
    ) {
        self.pictureId = pictureId
        self.path = path
        self.title = title
        self.maker = maker
        self.text = text
        self.link = link
    }

    /// What a screen calls it.
    func named(_ words: Words) -> String { title.isEmpty ? words("gallery_own") : title }
}

extension PictureSource {
    /// Returns a picture with what the catalogue says of it in a language, such as `de`.
    func thing(_ picture: GalleryPicture, _ language: String) throws -> Thing {
        let item = try item(ofPicture: picture.id)
        return Thing(
            pictureId: picture.id, path: picture.path,
            title: item?.text("title", language) ?? ownTitle(picture),
            maker: item?.text("maker", language), text: item?.text("text", language),
            link: item?.text("link", language).flatMap(safeLink))
    }
}

/// A photo of this phone is called by 32 digits until someone names it; nobody wants to read them.
private func ownTitle(_ picture: GalleryPicture) -> String {
    picture.label == nil && PhotoInbox.isAdded(picture.path) ? "" : picture.title
}

/// Returns a link as it is, where it is one of the web or a mail's; nil for any other.
///
/// A catalogue may come from anywhere.
func safeLink(_ link: String) -> String? {
    let link = link.trimmingCharacters(in: .whitespacesAndNewlines)
    let starts = ["https://", "http://", "mailto:"]
    guard let start = starts.first(where: { link.lowercased().hasPrefix($0) }),
        link.count > start.count,
        link.unicodeScalars.allSatisfy({
            !CharacterSet.whitespacesAndNewlines.contains($0)
                && !CharacterSet.controlCharacters.contains($0)
        })
    else { return nil }
    return link
}
