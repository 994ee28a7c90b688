package org.mobileactnet.core

/** Similarity from which hits count as nearly the same picture, as in `actnet-search --group`. */
const val SAME_PICTURE = 0.95

/** Hits that are looked at for each that is shown, as near-duplicates are taken together. */
internal const val HITS_PER_MATCH = 4

/**
 * A picture of the gallery that is like the query.
 *
 * @property distinctness how far its similarity stands out from all others, in deviations.
 * @property alike how many more hits show nearly the same picture.
 * @property proof what comparing local features says; null where the similarity alone is known.
 */
data class Match(
    val picture: Picture,
    val similarity: Double,
    val distinctness: Double,
    val alike: Int,
    val proof: Proof? = null
) {
    /** Whether it is an answer: by its proof, or else by the threshold of similarities. */
    fun answers(threshold: AnswerThreshold): Boolean = proof?.verified ?: threshold.allows(this)
}

/**
 * What comparing a picture's local features with those of the photo says.
 *
 * @property inliers places that fit one geometric model; 0 where there is none.
 * @property verified whether that makes the picture an answer, by the gallery's threshold.
 * @property outline the picture's four corners in the photo, from its top left clockwise as the picture is seen, as
 *   shares 0 to 1 of the photo's width and height; null where there is no model.
 */
data class Proof(val inliers: Int, val verified: Boolean, val outline: List<Place>?)

/**
 * Milliseconds of each stage, from a photo to its matches.
 *
 * @property inferenceMs of all views.
 * @property verificationMs of taking local features from the photo and comparing them.
 */
data class StageTimes(
    val decodeMs: Double,
    val resizeMs: Double,
    val inferenceMs: Double,
    val searchMs: Double,
    val verificationMs: Double = 0.0
) {
    val totalMs: Double get() = decodeMs + resizeMs + inferenceMs + searchMs + verificationMs
}

/**
 * What was found for a picture; the best match first.
 *
 * @property whole whether all was done that can be: false for a frame that was only described, as it is not steady.
 */
data class Recognition(val matches: List<Match>, val times: StageTimes, val whole: Boolean = true)

/**
 * The whole way from a picture to its matches. Where the gallery has local features, the views of the photo are
 * described and the first hits verified; else the whole photo is described, and its similarities decide.
 *
 * @param features null leaves verification out.
 * @param clockNs monotonic nanoseconds.
 */
class Recogniser(
    private val size: Preprocessing,
    private val model: DescriptorModel,
    private val matcher: Matcher,
    private val features: FeatureEngine?,
    private val clockNs: () -> Long
) {
    /**
     * Recognises a picture; on the model's thread.
     *
     * @param steadiness of the frames that the picture is one of, if it is one: only a steady one is verified.
     * @param decode makes the upright picture.
     */
    fun recognise(top: Int, steadiness: Steadiness? = null, decode: () -> RgbPicture): Recognition {
        val watch = StopWatch(clockNs)
        val photo = decode()
        val decodeMs = watch.lapMs()
        val pixels = resize(photo, size.heightPx, size.widthPx)
        val resizeMs = watch.lapMs()
        val descriptor = model.describe(pixels)
        val inferenceMs = watch.lapMs()
        val steady = steadiness?.take(descriptor) ?: true
        if (features == null) {
            val matches = matcher.find(descriptor, top)
            return Recognition(matches, StageTimes(decodeMs, resizeMs, inferenceMs, watch.lapMs()))
        }
        if (!steady) {
            return Recognition(emptyList(), StageTimes(decodeMs, resizeMs, inferenceMs, 0.0), whole = false)
        }
        val views = viewPictures(photo, OTHER_VIEWS).map { resize(it, size.heightPx, size.widthPx) }
        val viewsMs = watch.lapMs()
        val descriptors = listOf(descriptor) + views.map(model::describe)
        val describedMs = watch.lapMs()
        val taken = features.extract(photo, Extraction.PHOTO)
        val found = features.verifier(taken).use { matcher.findVerified(descriptors, it, taken, top) }
        val times = StageTimes(decodeMs, resizeMs + viewsMs, inferenceMs + describedMs, 0.0, watch.lapMs())
        return Recognition(found, times)
    }

    private companion object {
        /** The standard views but the whole photo, which is described first. */
        val OTHER_VIEWS = VIEW_SETS.getValue("standard").filter { it.crop != Crop.WHOLE }
    }
}

/** Times from one lap to the next. */
private class StopWatch(private val clockNs: () -> Long) {
    private var last = clockNs()

    fun lapMs(): Double {
        val now = clockNs()
        return ((now - last) / NS_PER_MS).also { last = now }
    }

    private companion object {
        const val NS_PER_MS = 1e6
    }
}
