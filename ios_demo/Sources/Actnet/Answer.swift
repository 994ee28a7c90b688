import Foundation

/// A picture of the gallery that a photo may show.
public struct Answer: Equatable, Sendable {
    public let picture: GalleryPicture
    /// What the catalogue says of it; nil where it says nothing.
    public let item: GalleryItem?
    /// Inner product of the two descriptors, -1 to 1.
    public let similarity: Double
    /// Whether it is sure enough to be told; else ask.
    public let isSure: Bool
    /// Where it lies: the picture's corners from its top left clockwise, as shares 0 to 1 of the photo's width
    /// and height; nil where that is not known.
    public let outline: [Place]?

    /// What to call it in a language, such as `de`: the item's title, the picture's label, or its file's name.
    public func title(_ language: String) -> String {
        item?.text("title", language) ?? picture.title
    }
}
