/* What developers want to know, in English as in reports: similarities, times, thresholds. */
package org.mobileactnet.app

import java.util.Locale
import org.mobileactnet.Accelerator
import org.mobileactnet.AnswerThresholds
import org.mobileactnet.BenchmarkResult
import org.mobileactnet.GalleryInfo
import org.mobileactnet.Measure
import org.mobileactnet.Picture
import org.mobileactnet.StageTimes
import org.mobileactnet.Summary

/** Matches and times of a search. */
internal fun figureBlocks(figures: Figures, framesPerSecond: Double?): List<Block> {
    val rate = framesPerSecond?.let { "${decimals(it, 1)} frames a second; " }.orEmpty()
    val matches = figures.matches.map { match ->
        val alike = if (match.alike == 0) "" else ", and ${match.alike} nearly the same"
        val places = match.proof?.let { ", ${it.inliers} places agree" }.orEmpty()
        "${match.picture.path}: similarity ${decimals(match.similarity, 3)}$places$alike"
    }
    return (matches + (rate + timesText(figures.times))).map { Block.Paragraph(it) }
}

/** Which model is used, and where it runs. */
internal fun runFigures(ready: StartState.Ready, models: ModelsState): String {
    val place = when (ready.ran.accelerator) {
        Accelerator.CPU -> "the processor (LiteRT, XNNPACK)"
        Accelerator.GPU -> "the GPU (LiteRT)"
    }
    return "Model: ${models.used ?: ready.manifest.name}, ${ready.manifest.precision}; it runs on $place."
}

/** Where a picture lies, and its size. */
internal fun pictureFigures(picture: Picture): String =
    "${picture.path}, ${picture.widthPx} x ${picture.heightPx} pixels"

/** What a gallery is made of. */
internal fun galleryFigures(info: GalleryInfo): String =
    "${info.dim} values of ${info.storage.word} a picture, from ${info.modelFile}; made by ${info.madeBy}"

/** Milliseconds of each stage. */
internal fun timesText(times: StageTimes): String =
    "decode ${ms(times.decodeMs)}, resize ${ms(times.resizeMs)}, model ${ms(times.inferenceMs)}, " +
        (if (times.verificationMs > 0) "verification ${ms(times.verificationMs)}" else "search ${ms(times.searchMs)}") +
        ", together ${ms(times.totalMs)} ms"

internal fun calibrationText(thresholds: AnswerThresholds, settings: Settings): String {
    val threshold = thresholds.at(settings.falseAnswers)
    val least = decimals(threshold.least, 2)
    val rule = when (threshold.measure) {
        Measure.SIMILARITY -> "the best match must have a similarity of $least or more"
        Measure.DISTINCTNESS -> "the best match must stand out from the gallery by $least deviations"
    }
    return "At ${percent(threshold.falseAnswers)} $rule. Calibrated on ${thresholds.captures} made-up photos of " +
        "the gallery's own pictures, of which ${percent(threshold.rightAnswers)} were answered rightly; " +
        "real photos may do otherwise."
}

/** Each stage of a measurement, and what the model lost when it went on. */
internal fun resultBlocks(result: BenchmarkResult): List<Block> =
    result.summaries.map { (stage, summary) -> Block.Paragraph("$stage: ${summaryText(summary)}") } +
        listOfNotNull(
            result.slowdown?.let {
                val seconds = result.windows.last().atS.toInt()
                Block.Paragraph("the model after $seconds s: ${decimals(it, 2)} times its first median")
            }
        )

private fun summaryText(summary: Summary) =
    "median ${ms(summary.p50Ms)} ms, 90 % within ${ms(summary.p90Ms)} ms, ${summary.count} runs"

internal fun percent(share: Double): String = "${decimals(PERCENT * share, 0)} %"

internal fun ms(value: Double): String = decimals(value, if (value < 10) 1 else 0)

/** A number with a point, whatever the phone's language: figures are compared with reports. */
internal fun decimals(value: Double, digits: Int): String = String.format(Locale.ROOT, "%.${digits}f", value)

private const val PERCENT = 100
