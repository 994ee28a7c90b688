/*
 * Preprocessing, version 1: antialiased bilinear with Pillow's integers (docs/preprocessing.md).
 * tests/golden/preprocessing holds it to the bit.
 */
package org.mobileactnet

import kotlin.math.abs
import kotlin.math.max
import kotlin.math.min

const val PREPROCESSING_NAME = "pillow-bilinear"
const val PREPROCESSING_VERSION = 1

private const val BITS = 22

/**
 * Resizes a picture, rows first; the aspect ratio is not kept, a pass that is not needed left out.
 *
 * @throws PictureException where the picture is so narrow and long that its rows, once resized, are
 *   more than a phone's memory holds.
 */
fun resize(picture: RgbPicture, heightPx: Int, widthPx: Int): RgbPicture {
    val rows = if (picture.widthPx == widthPx) picture else resizeRows(picture, widthPx)
    return if (rows.heightPx == heightPx) rows else resizeColumns(rows, heightPx)
}

/** A picture whose longest side is at most [sidePx], its aspect ratio kept; never larger than it was. */
fun fitted(picture: RgbPicture, sidePx: Int): RgbPicture {
    val share = minOf(1.0, sidePx / max(picture.widthPx, picture.heightPx).toDouble())
    val side = { px: Int -> max(1, (px * share).toInt()) }
    return resize(picture, side(picture.heightPx), side(picture.widthPx))
}

/** One pass: where each result begins in the source, and the fixed-point weights from there. */
private class Filter(val first: IntArray, val weights: Array<IntArray>)

private fun filter(from: Int, to: Int): Filter {
    val scale = from.toDouble() / to
    val support = max(scale, 1.0)
    val inverse = 1.0 / support
    val first = IntArray(to)
    val weights = Array(to) { place ->
        val centre = (place + 0.5) * scale
        first[place] = max(0, (centre - support + 0.5).toInt())
        val end = min(from, (centre + support + 0.5).toInt())
        fixedPoint(
            DoubleArray(end - first[place]) { offset ->
                max(0.0, 1.0 - abs((first[place] + offset - centre + 0.5) * inverse))
            }
        )
    }
    return Filter(first, weights)
}

private fun fixedPoint(weights: DoubleArray): IntArray {
    var total = 0.0
    for (weight in weights) total += weight
    return IntArray(weights.size) { (weights[it] / total * (1 shl BITS) + 0.5).toInt() }
}

private fun resizeRows(picture: RgbPicture, widthPx: Int): RgbPicture {
    if (widthPx.toLong() * picture.heightPx > MAX_PIXELS) {
        throw PictureException(
            "The picture has ${picture.widthPx} x ${picture.heightPx} pixels: too narrow and long to be " +
                "resized in a phone's memory; choose another"
        )
    }
    val filter = filter(picture.widthPx, widthPx)
    val source = picture.bytes
    val result = ByteArray(CHANNELS * widthPx * picture.heightPx)
    for (y in 0 until picture.heightPx) {
        for (x in 0 until widthPx) {
            val weights = filter.weights[x]
            var from = CHANNELS * (y * picture.widthPx + filter.first[x])
            var red = 1 shl (BITS - 1)
            var green = red
            var blue = red
            for (weight in weights) {
                red += (source[from].toInt() and 255) * weight
                green += (source[from + 1].toInt() and 255) * weight
                blue += (source[from + 2].toInt() and 255) * weight
                from += CHANNELS
            }
            val to = CHANNELS * (y * widthPx + x)
            result[to] = clamp(red)
            result[to + 1] = clamp(green)
            result[to + 2] = clamp(blue)
        }
    }
    return RgbPicture(widthPx, picture.heightPx, result)
}

private fun resizeColumns(picture: RgbPicture, heightPx: Int): RgbPicture {
    val filter = filter(picture.heightPx, heightPx)
    val stride = CHANNELS * picture.widthPx
    val result = ByteArray(stride * heightPx)
    val sums = IntArray(stride)
    for (y in 0 until heightPx) {
        sums.fill(1 shl (BITS - 1))
        filter.weights[y].forEachIndexed { offset, weight ->
            addRow(sums, picture.bytes, stride * (filter.first[y] + offset), weight)
        }
        for (place in 0 until stride) result[stride * y + place] = clamp(sums[place])
    }
    return RgbPicture(picture.widthPx, heightPx, result)
}

private fun addRow(sums: IntArray, bytes: ByteArray, start: Int, weight: Int) {
    for (place in sums.indices) sums[place] += (bytes[start + place].toInt() and 255) * weight
}

// A weighted mean of bytes, weights of at most 2^22 and a little: the sum fits 32 bits.
private fun clamp(sum: Int): Byte = min(255, max(0, sum shr BITS)).toByte()
