package org.mobileactnet

internal const val CHANNELS = 3

/** Larger pictures are refused: a phone's memory would not hold them. */
const val MAX_PIXELS = 89_478_485L

/** Name of the picture that a manifest's golden descriptor belongs to. */
const val GOLDEN_PICTURE = "xor-1"

/**
 * A picture, upright.
 *
 * @property bytes RGB, 8 bits a channel, one row after another: (height, width, 3).
 */
class RgbPicture(val widthPx: Int, val heightPx: Int, val bytes: ByteArray) {
    init {
        checkSize(widthPx, heightPx)
        require(bytes.size.toLong() == CHANNELS.toLong() * widthPx * heightPx) {
            "$widthPx x $heightPx pixels are not ${bytes.size} bytes"
        }
    }
}

/** Refuses a picture without pixels or with too many of them. */
fun checkSize(widthPx: Int, heightPx: Int) {
    if (widthPx < 1 || heightPx < 1 || widthPx.toLong() * heightPx > MAX_PIXELS) {
        throw PictureException(
            "The picture has $widthPx x $heightPx pixels; " +
                "from 1 to $MAX_PIXELS can be used: choose another"
        )
    }
}

/**
 * Lays a picture over white: (colour * alpha + 255 * (255 - alpha) + 127) / 255 for each channel.
 *
 * @param argb one number a pixel, 0xAARRGGBB, colours not multiplied by alpha.
 */
fun overWhite(argb: IntArray, widthPx: Int, heightPx: Int): RgbPicture {
    checkSize(widthPx, heightPx)
    val bytes = ByteArray(CHANNELS * widthPx * heightPx)
    for (pixel in 0 until widthPx * heightPx) {
        val value = argb[pixel]
        val alpha = value ushr 24
        for (channel in 0 until CHANNELS) {
            val colour = (value shr (16 - 8 * channel)) and 255
            val laid = (colour * alpha + 255 * (255 - alpha) + 127) / 255
            bytes[CHANNELS * pixel + channel] = laid.toByte()
        }
    }
    return RgbPicture(widthPx, heightPx, bytes)
}

/**
 * Turns and mirrors a picture to what its EXIF orientation asks for.
 *
 * @param orientation 1 to 8 as in EXIF; anything else counts as 1, upright.
 */
fun upright(picture: RgbPicture, orientation: Int): RgbPicture {
    if (orientation !in 2..8) return picture
    val sideways = orientation >= 5
    val width = if (sideways) picture.heightPx else picture.widthPx
    val height = if (sideways) picture.widthPx else picture.heightPx
    val right = picture.widthPx - 1
    val bottom = picture.heightPx - 1
    val bytes = ByteArray(picture.bytes.size)
    for (y in 0 until height) {
        for (x in 0 until width) {
            val sourceX = when (orientation) {
                2, 3 -> right - x
                4 -> x
                5, 6 -> y
                else -> right - y
            }
            val sourceY = when (orientation) {
                2 -> y
                3, 4 -> bottom - y
                5, 8 -> x
                else -> bottom - x
            }
            val from = CHANNELS * (sourceY * picture.widthPx + sourceX)
            picture.bytes.copyInto(bytes, CHANNELS * (y * width + x), from, from + CHANNELS)
        }
    }
    return RgbPicture(width, height, bytes)
}

/**
 * The picture of a manifest's self-test: channel c of the pixel in row y and column x is
 * ((2 + c) * x XOR (4 - c) * y) mod 256.
 */
fun goldenPicture(size: Preprocessing): RgbPicture {
    val bytes = ByteArray(CHANNELS * size.heightPx * size.widthPx)
    for (y in 0 until size.heightPx) {
        for (x in 0 until size.widthPx) {
            for (c in 0 until CHANNELS) {
                val value = ((2 + c) * x) xor ((4 - c) * y)
                bytes[CHANNELS * (y * size.widthPx + x) + c] = value.toByte()
            }
        }
    }
    return RgbPicture(size.widthPx, size.heightPx, bytes)
}
