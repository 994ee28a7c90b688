/* From descriptors, and a photo's features where there are some, to the matches that are shown. */
package org.mobileactnet.core

/** Finds descriptors in a gallery that lies in memory. */
class Matcher(private val gallery: PictureSource, private val table: DescriptorTable) {
    private val verified = VerifiedSearch(gallery, table)

    /** The [top] groups of most similar pictures, the best first. */
    fun find(descriptor: FloatArray, top: Int): List<Match> {
        val query = encode(descriptor, table.descriptors.storage)
        val ranking = search(table.descriptors, query, HITS_PER_MATCH * top)
        return groups(ranking.hits, top) { hit, alike ->
            gallery.picture(table.ids[hit.row])?.let {
                Match(it, hit.similarity, ranking.distinctness(hit.similarity), alike)
            }
        }
    }

    /**
     * The [top] groups of pictures by the views of a photo, the first of them verified. A picture without local features
     * has no proof: it is judged as [find] does, by the whole photo.
     *
     * @param descriptors of the views; the first is that of the whole photo.
     * @param verifier compares with the photo.
     * @param photo what the verifier was made of.
     */
    fun findVerified(
        descriptors: List<FloatArray>,
        verifier: PhotoVerifier,
        photo: LocalFeatures,
        top: Int
    ): List<Match> {
        val found = verified.find(descriptors, verifier, HITS_PER_MATCH * top)
        val whole = encode(descriptors.first(), table.descriptors.storage)
        val ranking = search(table.descriptors, whole, 1)
        val hits = found.associateBy { it.row }
        return groups(found.map { Hit(it.row, it.similarity) }, top) { hit, alike ->
            val similarity = similarity(table.descriptors, hit.row, whole, 0)
            val proof = proofOf(hits.getValue(hit.row), photo)
            gallery.picture(table.ids[hit.row])?.let {
                val shown = if (proof == null) similarity else hit.similarity
                Match(it, shown, ranking.distinctness(similarity), alike, proof)
            }
        }
    }

    /** Null for a picture without local features, such as one that was added before the app took any. */
    private fun proofOf(hit: VerifiedHit, photo: LocalFeatures): Proof? {
        val verification = hit.verification ?: return Proof(0, false, null)
        if (verification.inliers == 0 && gallery.localFeatures(hit.id) == null) return null
        val outline = verification.outline?.map { Place(it.x / photo.widthPx, it.y / photo.heightPx) }
        return Proof(verification.inliers, hit.verified(gallery.verifiedFrom), outline)
    }

    private fun groups(hits: List<Hit>, top: Int, make: (Hit, Int) -> Match?): List<Match> =
        groupHits(table.descriptors, hits, SAME_PICTURE).take(top).mapNotNull { make(it.first(), it.size - 1) }
}
