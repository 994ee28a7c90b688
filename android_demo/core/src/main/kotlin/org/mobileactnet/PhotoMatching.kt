package org.mobileactnet

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
 * @property certainty inliers times similarity.
 * @property verified whether that makes the picture an answer, by the gallery's threshold.
 * @property outline the picture's four corners in the photo, from its top left clockwise as the picture is seen, as
 *   shares 0 to 1 of the photo's width and height; null where there is no model.
 */
data class Proof(val inliers: Int, val certainty: Double, val verified: Boolean, val outline: List<Place>?) {
    companion object {
        /** Of a picture that was not compared, or that is not in the photo. */
        val NONE = Proof(0, 0.0, false, null)
    }
}

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
 * @property whole whether all was done that can be: false for a frame that is not steady. Its matches are those of the
 *   whole photo, and none is an answer.
 */
data class Recognition(val matches: List<Match>, val times: StageTimes, val whole: Boolean = true)

/**
 * The whole way from a picture to its matches. Where the gallery has local features, the views of the photo are
 * described and the first hits verified; else the whole photo is described, and its similarities decide.
 *
 * @param features null leaves verification out.
 * @param clockNs monotonic nanoseconds.
 */
class PhotoMatching(
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
        val clock = StageClock(clockNs)
        val photo = clock.time(Stage.DECODE, decode)
        val descriptor = described(listOf(photo), clock).single()
        val steady = steadiness?.take(descriptor) ?: true
        val matches = when {
            features == null -> clock.time(Stage.SEARCH) { matcher.find(descriptor, top) }
            steady -> verified(photo, descriptor, top, features, clock)
            else -> clock.time(Stage.SEARCH) { matcher.find(descriptor, top).map { it.copy(proof = Proof.NONE) } }
        }
        return Recognition(matches, clock.times(), whole = steady || features == null)
    }

    /** The first views may end the search (docs/verification.md); else all are searched for. */
    private fun verified(
        photo: RgbPicture,
        whole: FloatArray,
        top: Int,
        features: FeatureEngine,
        clock: StageClock
    ): List<Match> {
        val working = clock.time(Stage.RESIZE) { workingPicture(photo) }
        val cut = { views: List<View> -> clock.time(Stage.RESIZE) { viewPictures(photo, views, working) } }
        val first = listOf(whole) + described(cut(VIEWS.subList(1, FIRST_VIEWS)), clock)
        val local = clock.time(Stage.VERIFICATION) { features.extract(photo, Extraction.PHOTO) }
        return features.verifier(local).use { verifier ->
            val search = matcher.verified(verifier, local)
            val early = clock.time(Stage.VERIFICATION) { search.find(first, top, FIRST_SHORTLIST) }
            if (search.certain(early)) return@use early
            val others = described(cut(VIEWS.drop(FIRST_VIEWS)), clock)
            clock.time(Stage.VERIFICATION) { search.find(first + others, top, SHORTLIST) }
        }
    }

    private fun described(pictures: List<RgbPicture>, clock: StageClock): List<FloatArray> {
        val pixels = clock.time(Stage.RESIZE) { pictures.map { resize(it, size.heightPx, size.widthPx) } }
        return clock.time(Stage.INFERENCE) { pixels.map(model::describe) }
    }

    private companion object {
        /** The first is the whole photo. */
        val VIEWS = VIEW_SETS.getValue("standard")
    }
}

private enum class Stage { DECODE, RESIZE, INFERENCE, SEARCH, VERIFICATION }

/** Sums up what each stage takes. */
private class StageClock(private val clockNs: () -> Long) {
    private val spentNs = LongArray(Stage.entries.size)

    fun <T> time(stage: Stage, work: () -> T): T {
        val start = clockNs()
        return work().also { spentNs[stage.ordinal] += clockNs() - start }
    }

    fun times(): StageTimes {
        val ms = { stage: Stage -> spentNs[stage.ordinal] / NS_PER_MS }
        return StageTimes(
            ms(Stage.DECODE),
            ms(Stage.RESIZE),
            ms(Stage.INFERENCE),
            ms(Stage.SEARCH),
            ms(Stage.VERIFICATION)
        )
    }

    private companion object {
        const val NS_PER_MS = 1e6
    }
}
