import Foundation

/// A picture of the gallery and how it was found.
public struct VerifiedHit: Equatable, Sendable {
    /// Certainty from which a hit is verified, where a gallery was not calibrated.
    public static let verifiedFrom = 3.5
    private static let chanceInliers = 3
    private static let mostInliers = 25
    private static let weight = 0.15
    private static let reach = 0.2
    private static let sureSimilarity = 0.7
    private static let sureReach = 0.03

    /// Number of the picture in the gallery.
    public let id: Int64
    /// The largest of all views.
    public let similarity: Double
    /// Row of the database, in the order of ids.
    public let row: Int
    /// nil where the hit was not compared with the photo.
    public let verification: Verification?

    /// Returns what hits are ordered by: similarity + 0.15 ln(1 + inliers above 3); more than 25 count as 25.
    /// None count where the similarity is more than 0.2 below the largest, or 0.03 where that is at least 0.7.
    ///
    /// - Parameter largest: similarity of the photo's hits.
    public func score(largest: Double) -> Double {
        let reach = largest >= Self.sureSimilarity ? Self.sureReach : Self.reach
        if similarity < largest - reach { return similarity }
        let inliers = min(verification?.inliers ?? 0, Self.mostInliers)
        return similarity + Self.weight * log(1 + Double(max(0, inliers - Self.chanceInliers)))
    }

    /// How sure the hit is: its inliers times its similarity. Many inliers on a thing that looks
    /// otherwise, such as a shared logo, say less than fewer on one that looks alike.
    public var certainty: Double { Double(verification?.inliers ?? 0) * max(0, similarity) }

    /// Tells whether the hit is an answer, by the gallery's `verifiedFrom`.
    public func isVerified(from least: Double) -> Bool { certainty >= least }
}

/// Searching with several views and verifying the first hits; docs/views.md, docs/verification.md.
public enum VerifiedSearch {
    /// Pictures that are verified, those with the largest similarities.
    public static let shortlist = 20
    /// Views that are searched for alone at first, and pictures that are verified then.
    public static let firstViews = 2
    public static let firstShortlist = 5
    /// A first hit whose certainty is so many times what an answer needs ends the search.
    public static let certain = 2.0

    /// Merges the hits of a photo's views: each picture keeps its largest similarity.
    ///
    /// - Returns: at most `top`, best first; equal ones in the order of ids.
    static func largestPerPicture(_ views: [[Hit]], top: Int) -> [Hit] {
        let ordered = views.joined().sorted {
            $0.similarity == $1.similarity ? $0.id < $1.id : $0.similarity > $1.similarity
        }
        var seen: Set<Int64> = []
        return Array(ordered.filter { seen.insert($0.id).inserted }.prefix(max(0, top)))
    }

    /// Orders verified hits by score, equal ones by id.
    static func inFusedOrder(_ shortlist: [VerifiedHit]) -> [VerifiedHit] {
        let largest = shortlist.map(\.similarity).max() ?? 0
        return shortlist.sorted {
            let (one, other) = ($0.score(largest: largest), $1.score(largest: largest))
            return one == other ? $0.id < $1.id : one > other
        }
    }
}

extension PictureSource {
    /// Finds pictures by several views of a photo, and verifies the first.
    ///
    /// - Parameters:
    ///   - views: a descriptor of each, of length 1, from the gallery's model.
    ///   - database: what this gallery loaded.
    ///   - photo: what compares gallery pictures with the photo; nil leaves the order by similarity.
    ///   - top: how many, at least 1.
    ///   - shortlist: hits that are verified.
    public func hits(
        _ views: [[Float]], in database: Database, photo: PhotoVerifier?, top: Int,
        shortlist: Int = VerifiedSearch.shortlist
    ) throws -> [VerifiedHit] {
        var known: [Int64: Verification] = [:]
        return try hits(
            views, in: database, photo: photo, top: top, shortlist: shortlist, known: &known)
    }

    /// The same, comparing no picture that is known already.
    ///
    /// - Parameter known: what comparing gave before, by ids; more is added.
    public func hits(
        _ views: [[Float]], in database: Database, photo: PhotoVerifier?, top: Int,
        shortlist: Int, known: inout [Int64: Verification]
    ) throws -> [VerifiedHit] {
        let wanted = max(top, shortlist)
        let each = try views.map { try database.search($0, top: wanted) }
        let merged = VerifiedSearch.largestPerPicture(each, top: wanted)
        var first: [VerifiedHit] = []
        for hit in merged.prefix(shortlist) {
            if let photo, known[hit.id] == nil {
                known[hit.id] = try verification(of: hit.id, photo)
            }
            first.append(
                VerifiedHit(
                    id: hit.id, similarity: hit.similarity, row: hit.row,
                    verification: photo == nil ? nil : known[hit.id]))
        }
        if photo != nil { first = VerifiedSearch.inFusedOrder(first) }
        let others = merged.dropFirst(shortlist).map {
            VerifiedHit(id: $0.id, similarity: $0.similarity, row: $0.row, verification: nil)
        }
        return Array((first + others).prefix(top))
    }

    private func verification(of id: Int64, _ photo: PhotoVerifier) throws -> Verification {
        try localFeatures(id).map { try photo.verify($0) } ?? .notFound
    }
}
