/* From descriptors, and a photo's features where there are some, to the matches that are shown. */
package org.mobileactnet

/** Finds descriptors in a gallery that lies in memory. */
class Matcher(private val gallery: PictureSource, private val table: DescriptorTable) {
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
     * Prepares searches with the views of one photo.
     *
     * @param verifier compares with the photo; whoever gives it closes it.
     * @param photo what the verifier was made of.
     */
    fun verified(verifier: PhotoVerifier, photo: LocalFeatures) = Verified(verifier, photo)

    /** Searches with the views of one photo; no picture is compared with it twice. */
    inner class Verified(private val verifier: PhotoVerifier, private val photo: LocalFeatures) {
        private val known = mutableMapOf<Long, Verification>()

        /**
         * The [top] groups of pictures by views, the first [shortlist] pictures of them verified. A picture without local
         * features has no proof: it is judged as [Matcher.find] does, by the whole photo.
         *
         * @param descriptors of the views; the first is that of the whole photo.
         */
        fun find(descriptors: List<FloatArray>, top: Int, shortlist: Int): List<Match> {
            val hits = VerifiedSearch(gallery, table)
                .find(descriptors, verifier, HITS_PER_MATCH * top, shortlist, known).associateBy { it.row }
            val whole = encode(descriptors.first(), table.descriptors.storage)
            val ranking = search(table.descriptors, whole, 1)
            return groups(hits.values.map { Hit(it.row, it.similarity) }, top) { hit, alike ->
                val similarity = similarity(table.descriptors, hit.row, whole, 0)
                val proof = proofOf(hits.getValue(hit.row))
                gallery.picture(table.ids[hit.row])?.let {
                    val shown = if (proof == null) similarity else hit.similarity
                    Match(it, shown, ranking.distinctness(similarity), alike, proof)
                }
            }
        }

        /** Whether the first match is so sure an answer that further views need not be looked at. */
        fun certain(matches: List<Match>): Boolean =
            (matches.firstOrNull()?.proof?.certainty ?: 0.0) >= CERTAIN * gallery.verifiedFrom

        /** Null for a picture without local features, such as one that was added before the app took any. */
        private fun proofOf(hit: VerifiedHit): Proof? {
            val verification = hit.verification ?: return Proof.NONE
            if (verification.inliers == 0 && gallery.localFeatures(hit.id) == null) return null
            val outline = verification.outline?.map { Place(it.x / photo.widthPx, it.y / photo.heightPx) }
            return Proof(verification.inliers, hit.certainty, hit.verified(gallery.verifiedFrom), outline)
        }
    }

    private fun groups(hits: List<Hit>, top: Int, make: (Hit, Int) -> Match?): List<Match> =
        groupHits(table.descriptors, hits, SAME_PICTURE).take(top).mapNotNull { make(it.first(), it.size - 1) }
}
