/* Searching with several views and verifying the first hits (docs/views.md, docs/verification.md). */
package org.mobileactnet

import kotlin.math.ln
import kotlin.math.max
import kotlin.math.min

/** Pictures that are verified, those with the largest similarities. */
const val SHORTLIST = 20

/** Views that are searched for alone at first, and pictures that are verified then. */
const val FIRST_VIEWS = 2
const val FIRST_SHORTLIST = 5

/** A first hit whose certainty is so many times what an answer needs ends the search. */
const val CERTAIN = 2.0

/** Certainty from which a hit is verified, where a gallery was not calibrated. */
const val VERIFIED_FROM = 3.5

private const val CHANCE_INLIERS = 3
private const val MOST_INLIERS = 25
private const val WEIGHT = 0.15
private const val REACH = 0.2
private const val SURE_SIMILARITY = 0.7
private const val SURE_REACH = 0.03

/**
 * A picture of the gallery and how it was found.
 *
 * @property similarity the largest of all views.
 * @property verification null where the hit was not compared with the photo.
 */
data class VerifiedHit(val id: Long, val row: Int, val similarity: Double, val verification: Verification?) {
    /**
     * What hits are ordered by: similarity + 0.15 ln(1 + inliers above 3); more than 25 count as 25. None count where
     * the similarity is more than 0.2 below the photo's [largest], or 0.03 where that is at least 0.7.
     */
    fun score(largest: Double): Double {
        val reach = if (largest >= SURE_SIMILARITY) SURE_REACH else REACH
        if (similarity < largest - reach) return similarity
        val inliers = min(verification?.inliers ?: 0, MOST_INLIERS)
        return similarity + WEIGHT * ln(1.0 + max(0, inliers - CHANCE_INLIERS))
    }

    /**
     * How sure the hit is: its inliers times its similarity. Many inliers on a thing that looks otherwise, such as
     * a shared logo, say less than fewer on one that looks alike.
     */
    val certainty: Double get() = (verification?.inliers ?: 0) * max(0.0, similarity)

    /** Whether the hit is an answer, by the gallery's [Gallery.verifiedFrom]. */
    fun verified(verifiedFrom: Double): Boolean = certainty >= verifiedFrom
}

/**
 * Merges the hits of a photo's views: each picture keeps its largest similarity.
 *
 * @return at most [top], the best first; equal ones in the order of rows.
 */
fun largestPerPicture(views: List<List<Hit>>, top: Int): List<Hit> = views.flatten()
    .sortedWith(compareByDescending<Hit> { it.similarity }.thenBy { it.row })
    .distinctBy { it.row }
    .take(top)

/** Orders verified hits by [VerifiedHit.score], equal ones by id; those after them stay where they are. */
fun inFusedOrder(shortlist: List<VerifiedHit>): List<VerifiedHit> {
    val largest = shortlist.maxOfOrNull { it.similarity } ?: return shortlist
    return shortlist.sortedWith(compareByDescending<VerifiedHit> { it.score(largest) }.thenBy { it.id })
}

/** Finds pictures of a gallery that lies in memory by several views of a photo, and verifies the first. */
class VerifiedSearch(private val gallery: PictureSource, private val table: DescriptorTable) {
    /**
     * Searches.
     *
     * @param descriptors one for each view.
     * @param photo what compares gallery pictures with the photo; null leaves the order by similarity.
     * @param shortlist hits that are verified.
     * @param known what comparing pictures with the photo gave before, by their ids; more is added.
     * @return at most [top] hits, the best first.
     */
    fun find(
        descriptors: List<FloatArray>,
        photo: PhotoVerifier?,
        top: Int,
        shortlist: Int = SHORTLIST,
        known: MutableMap<Long, Verification> = mutableMapOf()
    ): List<VerifiedHit> {
        require(descriptors.isNotEmpty()) { "at least one view must be described" }
        require(top >= 1 && shortlist >= 1) { "top is $top and shortlist $shortlist, at least 1 is allowed" }
        val wanted = max(top, shortlist)
        val views = descriptors.map { search(table.descriptors, encode(it, table.descriptors.storage), wanted).hits }
        val hits = largestPerPicture(views, wanted)
        val (first, others) = hits.withIndex().partition { it.index < shortlist }
        val ordered = first.map { verified(it.value, photo, known) }.let { if (photo == null) it else inFusedOrder(it) }
        return (ordered + others.map { verified(it.value, null, known) }).take(top)
    }

    private fun verified(hit: Hit, photo: PhotoVerifier?, known: MutableMap<Long, Verification>): VerifiedHit {
        val id = table.ids[hit.row]
        val verification = photo?.let { verifier ->
            known.getOrPut(id) { gallery.localFeatures(id)?.let { verifier.verify(it) } ?: Verification.NOT_FOUND }
        }
        return VerifiedHit(id, hit.row, hit.similarity, verification)
    }
}
