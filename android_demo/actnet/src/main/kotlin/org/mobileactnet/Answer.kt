package org.mobileactnet

/**
 * A picture of the gallery that a photo may show.
 *
 * @property item what the catalogue says of it; null where it says nothing.
 * @property similarity inner product of the two descriptors, -1 to 1.
 * @property sure whether it is sure enough to be told; else ask.
 * @property outline where it lies: the picture's corners from its top left clockwise, as shares 0 to 1 of the photo's
 *   width and height; null where that is not known.
 */
data class Answer(
    val picture: Picture,
    val item: Item?,
    val similarity: Double,
    val sure: Boolean,
    val outline: List<Place>?
) {
    /** What to call it in a language, such as `de`: the item's title, the picture's label, or its file's name. */
    fun title(language: String): String = item?.text("title", language) ?: picture.title
}

/** A match as a candidate; pictures of one item are one thing. */
fun candidateOf(gallery: PictureSource, match: Match): Candidate {
    val key = gallery.item(match.picture.id)?.let { "item ${it.name}" } ?: "picture ${match.picture.id}"
    return Candidate(key, match.picture.id, match.similarity, match.proof?.inliers ?: 0)
}

/**
 * What the matches of a frame or photo say.
 *
 * @param falseAnswers share of unknown things that may be answered; what passes with the largest share that was
 *   calibrated is asked about.
 */
fun answerOf(
    gallery: PictureSource,
    matches: List<Match>,
    thresholds: AnswerThresholds,
    falseAnswers: Double,
    atMs: Double
): FrameAnswer {
    val best = matches.firstOrNull() ?: return FrameAnswer(atMs, null, verified = false)
    val verified = best.answers(thresholds.at(falseAnswers))
    val asked = matches.filter(thresholds.choices.last()::allows)
    val candidates = if (verified || asked.isEmpty()) emptyList() else matches.map { candidateOf(gallery, it) }
    val outline = best.proof?.outline?.takeIf { verified }
    return FrameAnswer(atMs, candidateOf(gallery, best), verified, outline, candidates.distinctBy(Candidate::key))
}
