/// A picture of the gallery that is like the query.
public struct Match: Equatable, Sendable {
    public let picture: GalleryPicture
    /// Inner product of the two descriptors, -1 to 1.
    public let similarity: Double
    /// How many more hits show nearly the same picture.
    public let alike: Int

    public init(picture: GalleryPicture, similarity: Double, alike: Int) {
        self.picture = picture
        self.similarity = similarity
        self.alike = alike
    }
}

/// What a ranking says to someone who asked "what is this".
public enum Verdict: Equatable, Sendable {
    case emptyGallery
    /// Best first, at least one.
    case similar([Match])
    /// The best match is below the threshold.
    case nothingSimilar(nearest: Match)

    /// - Parameters:
    ///   - matches: best first.
    ///   - threshold: least similarity of a match.
    public init(_ matches: [Match], threshold: Double) {
        let similar = matches.filter { $0.similarity >= threshold }
        if let nearest = matches.first {
            self = similar.isEmpty ? .nothingSimilar(nearest: nearest) : .similar(similar)
        } else {
            self = .emptyGallery
        }
    }
}

/// Similarity from which hits count as nearly the same picture, as in `actnet-search --group`.
private let samePicture = 0.95
/// Hits that are looked at for each match, as near-duplicates are taken together.
private let hitsPerMatch = 4

extension PictureSource {
    /// Returns the most similar pictures, best first; those that have gone since are left out.
    ///
    /// - Parameters:
    ///   - descriptor: of length 1, from the gallery's model.
    ///   - database: what this gallery loaded.
    ///   - top: how many, at least 1.
    public func matches(
        _ descriptor: [Float], in database: Database, top: Int
    ) throws -> [Match] {
        let hits = try database.search(descriptor, top: hitsPerMatch * top)
        let groups = database.group(hits, threshold: samePicture).prefix(top)
        return try groups.compactMap { group in
            guard let best = group.first, let picture = try picture(best.id) else { return nil }
            return Match(picture: picture, similarity: best.similarity, alike: group.count - 1)
        }
    }
}
