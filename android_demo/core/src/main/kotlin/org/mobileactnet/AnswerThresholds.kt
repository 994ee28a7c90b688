package org.mobileactnet

/** What a best match is judged by; Python's mobile_actnet.gallery.answers.answer_scores has the same. */
enum class Measure(val word: String) {
    SIMILARITY("similarity"),
    DISTINCTNESS("distinctness")
}

/**
 * From where on a match is an answer; below it nothing is similar.
 *
 * @property falseAnswers share of photos of unknown things that were answered when it was calibrated.
 * @property rightAnswers share of photos of the gallery's own things that were answered rightly then.
 */
data class AnswerThreshold(
    val measure: Measure,
    val least: Double,
    val falseAnswers: Double,
    val rightAnswers: Double
) {
    fun allows(match: Match): Boolean = when (measure) {
        Measure.SIMILARITY -> match.similarity
        Measure.DISTINCTNESS -> match.distinctness
    } >= least
}

/**
 * The thresholds of a gallery, calibrated when it was made.
 *
 * @property choices by rising share of false answers; one at least.
 * @property captures synthetic photos of the gallery's pictures that they were calibrated on.
 */
data class AnswerThresholds(val choices: List<AnswerThreshold>, val captures: Long, val modelSha256: String) {
    /** The strictest one with at most [falseAnswers], or else the strictest of all. */
    fun at(falseAnswers: Double): AnswerThreshold =
        choices.lastOrNull { it.falseAnswers <= falseAnswers } ?: choices.first()
}

/**
 * Reads the thresholds that came with a gallery.
 *
 * @param text of the JSON file.
 * @throws ManifestException where it is damaged, of another schema, or of another model.
 */
fun readThresholds(text: String, manifest: Manifest): AnswerThresholds {
    val fields = parseObject(text, THRESHOLDS_FILE, REMAKE)
    val schema = fields.wholeNumber("schema", 0..Long.MAX_VALUE)
    if (schema != SCHEMA) throw fields.wrong("schema", "$SCHEMA (got $schema)")
    val word = fields.text("measure")
    val measure = Measure.entries.firstOrNull { it.word == word }
        ?: throw fields.wrong("measure", Measure.entries.joinToString(" or ") { it.word })
    val choices = fields.section("thresholds").sections(word).map {
        AnswerThreshold(measure, it.number("least"), it.number("false_answers"), it.number("right_answers"))
    }
    if (choices.isEmpty()) throw fields.wrong("thresholds.$word", "a list with one at least")
    val sha256 = fields.text("model_sha256")
    if (sha256 != manifest.artefactSha256) {
        throw ManifestException(
            "$THRESHOLDS_FILE was calibrated with the model ${short(sha256)}, the app has " +
                "${short(manifest.artefactSha256)}; $REMAKE"
        )
    }
    return AnswerThresholds(choices.sortedBy { it.falseAnswers }, fields.wholeNumber("captures", COUNTS), sha256)
}

const val THRESHOLDS_FILE = "thresholds.json"

private const val SCHEMA = 1L
private val COUNTS = 1..Long.MAX_VALUE
