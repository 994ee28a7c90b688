package org.mobileactnet.core

/** Similarity from which hits count as nearly the same picture, as in `actnet-search --group`. */
const val SAME_PICTURE = 0.95

/** Hits that are looked at for each that is shown, as near-duplicates are taken together. */
private const val HITS_PER_MATCH = 4

/**
 * A picture of the gallery that is like the query.
 *
 * @property distinctness how far its similarity stands out from all others, in deviations.
 * @property alike how many more hits show nearly the same picture.
 */
data class Match(val picture: Picture, val similarity: Double, val distinctness: Double, val alike: Int)

/** Milliseconds of each stage, from a photo to its matches. */
data class StageTimes(val decodeMs: Double, val resizeMs: Double, val inferenceMs: Double, val searchMs: Double) {
    val totalMs: Double get() = decodeMs + resizeMs + inferenceMs + searchMs
}

/** What was found for a picture; the best match first. */
data class Recognition(val matches: List<Match>, val times: StageTimes)

/** Finds descriptors in a gallery that lies in memory. */
class Matcher(private val gallery: PictureSource, private val table: DescriptorTable) {
    /** The [top] groups of most similar pictures, the best first. */
    fun find(descriptor: FloatArray, top: Int): List<Match> {
        val query = encode(descriptor, table.descriptors.storage)
        val ranking = search(table.descriptors, query, HITS_PER_MATCH * top)
        return groupHits(table.descriptors, ranking.hits, SAME_PICTURE).take(top).mapNotNull { group ->
            val picture = gallery.picture(table.ids[group.first().row])
            val similarity = group.first().similarity
            picture?.let { Match(it, similarity, ranking.distinctness(similarity), group.size - 1) }
        }
    }
}

/**
 * The whole way from a picture to its matches.
 *
 * @param clockNs monotonic nanoseconds.
 */
class Recogniser(
    private val size: Preprocessing,
    private val model: DescriptorModel,
    private val matcher: Matcher,
    private val clockNs: () -> Long
) {
    /**
     * Recognises a picture; on the model's thread.
     *
     * @param decode makes the upright picture.
     */
    fun recognise(top: Int, decode: () -> RgbPicture): Recognition {
        val start = clockNs()
        val picture = decode()
        val decoded = clockNs()
        val pixels = resize(picture, size.heightPx, size.widthPx)
        val resized = clockNs()
        val descriptor = model.describe(pixels)
        val described = clockNs()
        val matches = matcher.find(descriptor, top)
        val found = clockNs()
        val times = StageTimes(
            ms(start, decoded),
            ms(decoded, resized),
            ms(resized, described),
            ms(described, found)
        )
        return Recognition(matches, times)
    }

    private fun ms(fromNs: Long, toNs: Long) = (toNs - fromNs) / 1e6
}
