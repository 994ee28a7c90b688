/// A picture of the gallery that is like the query.
public struct Match: Equatable, Sendable {
    public let picture: GalleryPicture
    /// Inner product of the two descriptors, -1 to 1.
    public let similarity: Double
    /// How many more hits show nearly the same picture.
    public let alike: Int
    /// What comparing local features says; nil where the similarity alone is known.
    public let proof: Proof?

    public init(picture: GalleryPicture, similarity: Double, alike: Int, proof: Proof? = nil) {
        self.picture = picture
        self.similarity = similarity
        self.alike = alike
        self.proof = proof
    }

    /// Tells whether it is an answer: by its proof, or else by its similarity.
    public func isAnswer(from threshold: Double) -> Bool {
        proof?.isVerified ?? (similarity >= threshold)
    }

    /// The same of a photo that was not compared; never an answer.
    public var unproven: Match {
        Match(picture: picture, similarity: similarity, alike: alike, proof: Proof.none)
    }
}

/// What comparing a picture's local features with those of the photo says.
public struct Proof: Equatable, Sendable {
    /// Of a picture that was not compared, or that is not in the photo.
    public static let none = Proof(inliers: 0, certainty: 0, isVerified: false, outline: nil)

    /// Places that fit one geometric model; 0 where there is none.
    public let inliers: Int
    /// Inliers times similarity.
    public let certainty: Double
    /// Whether that makes the picture an answer, by the gallery's threshold.
    public let isVerified: Bool
    /// The picture's corners in the photo, from its top left clockwise as the picture is seen, as shares
    /// 0 to 1 of the photo's width and height; nil where there is no model.
    public let outline: [Place]?

    public init(inliers: Int, certainty: Double, isVerified: Bool, outline: [Place]?) {
        self.inliers = inliers
        self.certainty = certainty
        self.isVerified = isVerified
        self.outline = outline
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
    ///   - threshold: least similarity of a match that has no proof.
    public init(_ matches: [Match], threshold: Double) {
        let similar = matches.filter { $0.isAnswer(from: threshold) }
        if let nearest = matches.first {
            self = similar.isEmpty ? .nothingSimilar(nearest: nearest) : .similar(similar)
        } else {
            self = .emptyGallery
        }
    }
}

/// Similarity from which hits count as nearly the same picture, as in `actnet-search --group`.
let samePicture = 0.95
/// Hits that are looked at for each match, as near-duplicates are taken together.
let hitsPerMatch = 4

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
