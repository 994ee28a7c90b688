/* What live and photo screen say of matches and times. */
package org.mobileactnet.app

import java.util.Locale
import org.mobileactnet.core.AnswerThreshold
import org.mobileactnet.core.Match
import org.mobileactnet.core.Measure
import org.mobileactnet.core.StageTimes

/** The blocks of a ranking; those below the threshold are named as such, not hidden. */
internal fun matchBlocks(matches: List<Match>, threshold: AnswerThreshold): List<Block> {
    if (matches.isEmpty()) return listOf(Block.Heading("The gallery is empty"), addPhotos)
    val (answers, others) = matches.partition { it.answers(threshold) }
    if (answers.isNotEmpty()) return answers.map(::row)
    if (others.first().proof != null) {
        return listOf(Block.Heading("Nothing of the gallery is in the photo")) +
            Block.Paragraph("The most similar picture:") + row(others.first())
    }
    return listOf(Block.Heading("Nothing similar in the gallery")) +
        Block.Paragraph("${shortfall(threshold)}:") + row(others.first())
}

private fun shortfall(threshold: AnswerThreshold): String {
    val least = decimals(threshold.least, 2)
    return when (threshold.measure) {
        Measure.SIMILARITY -> "The nearest is less than $least similar"
        Measure.DISTINCTNESS -> "The nearest stands out from the gallery by less than $least deviations"
    }
}

private val addPhotos = Block.Button("Add photos", Action.AddPhotos)

private fun row(match: Match): Block {
    val alike = if (match.alike == 0) "" else ", and ${match.alike} nearly the same"
    val places = match.proof?.let { ", ${it.inliers} places agree" }.orEmpty()
    val detail = "similarity ${decimals(match.similarity, 3)}$places$alike"
    val picture = match.picture
    return Block.PictureRow(picture.id, picture.path, picture.title, detail, Action.ShowPicture(picture.id))
}

/** Milliseconds of each stage. */
internal fun timesText(times: StageTimes): String =
    "decode ${ms(times.decodeMs)}, resize ${ms(times.resizeMs)}, model ${ms(times.inferenceMs)}, " +
        (if (times.verificationMs > 0) "verification ${ms(times.verificationMs)}" else "search ${ms(times.searchMs)}") +
        ", together ${ms(times.totalMs)} ms"

internal fun ms(value: Double): String = decimals(value, if (value < 10) 1 else 0)

/** A number with a point, whatever the phone's language: figures are compared with reports. */
internal fun decimals(value: Double, digits: Int): String = String.format(Locale.ROOT, "%.${digits}f", value)
