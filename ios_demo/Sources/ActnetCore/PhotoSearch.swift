/// Searches a gallery with the views of one photo, and verifies; no picture is compared twice.
public final class PhotoSearch {
    private let gallery: any PictureSource
    private let database: Database
    private let photo: LocalFeatures
    private let verifier: PhotoVerifier
    private var known: [Int64: Verification] = [:]

    /// - Parameters:
    ///   - database: what the gallery loaded.
    ///   - photo: its local features.
    public init(_ gallery: any PictureSource, _ database: Database, photo: LocalFeatures) throws {
        self.gallery = gallery
        self.database = database
        self.photo = photo
        verifier = try PhotoVerifier(photo)
    }

    /// Returns the most similar pictures, the first of them verified, best first.
    ///
    /// A picture without local features has no proof: it is judged by its similarity to the whole photo.
    ///
    /// - Parameters:
    ///   - views: a descriptor of each; the first is that of the whole photo.
    ///   - top: how many, at least 1.
    ///   - shortlist: pictures that are verified.
    public func matches(_ views: [[Float]], top: Int, shortlist: Int) throws -> [Match] {
        let ranked = try gallery.hits(
            views, in: database, photo: verifier, top: hitsPerMatch * top, shortlist: shortlist,
            known: &known)
        let hits = ranked.map { Hit(id: $0.id, similarity: $0.similarity, row: $0.row) }
        let groups = database.group(hits, threshold: samePicture).prefix(top)
        let each = Dictionary(uniqueKeysWithValues: ranked.map { ($0.row, $0) })
        return try groups.compactMap { group in
            guard let best = group.first, let hit = each[best.row],
                let picture = try gallery.picture(best.id)
            else { return nil }
            let proof = try proof(of: hit)
            return Match(
                picture: picture,
                similarity: proof == nil ? try wholeSimilarity(views, hit) : hit.similarity,
                alike: group.count - 1, proof: proof)
        }
    }

    /// Tells whether the first match is so sure an answer that further views need not be looked at.
    public func isCertain(_ matches: [Match]) -> Bool {
        (matches.first?.proof?.certainty ?? 0) >= VerifiedSearch.certain * gallery.verifiedFrom
    }

    /// nil for a picture without local features, such as one added before the app took any.
    private func proof(of hit: VerifiedHit) throws -> Proof? {
        guard let verification = hit.verification else { return Proof.none }
        if verification.inliers == 0, try gallery.localFeatures(hit.id) == nil { return nil }
        let (width, height) = (Double(photo.widthPx), Double(photo.heightPx))
        return Proof(
            inliers: verification.inliers, certainty: hit.certainty,
            isVerified: hit.isVerified(from: gallery.verifiedFrom),
            outline: verification.outline?.map { Place(x: $0.x / width, y: $0.y / height) })
    }

    private func wholeSimilarity(_ views: [[Float]], _ hit: VerifiedHit) throws -> Double {
        try database.similarity(of: hit.row, to: views[0])
    }
}
