/* Camera frames: YUV 4:2:0 as Android hands it over, to RGB. */
package org.mobileactnet

/**
 * One plane of a frame.
 *
 * @property rowStride bytes from one row to the next.
 * @property pixelStride bytes from one value to the next.
 */
class YuvPlane(val bytes: ByteArray, val rowStride: Int, val pixelStride: Int) {
    internal fun at(x: Int, y: Int): Int = bytes[y * rowStride + x * pixelStride].toInt() and 255
}

/** A camera frame; [orientation] as in EXIF says how it is turned upright. */
class CameraFrame(
    val widthPx: Int,
    val heightPx: Int,
    val luminance: YuvPlane,
    val blue: YuvPlane,
    val red: YuvPlane,
    val orientation: Int
)

/** The EXIF orientation that turns a sensor's frame upright; [degrees] clockwise, 0, 90, 180 or 270. */
fun orientationOf(degrees: Int): Int = when (degrees.mod(360)) {
    90 -> 6
    180 -> 3
    270 -> 8
    else -> 1
}

/** A frame as an upright picture: BT.601, values 0 to 255, as JPEG files have it. */
fun rgbOf(frame: CameraFrame): RgbPicture {
    checkSize(frame.widthPx, frame.heightPx)
    val bytes = ByteArray(CHANNELS * frame.widthPx * frame.heightPx)
    var to = 0
    for (y in 0 until frame.heightPx) {
        for (x in 0 until frame.widthPx) {
            val luminance = (frame.luminance.at(x, y) shl YUV_BITS) + (1 shl (YUV_BITS - 1))
            val blue = frame.blue.at(x / 2, y / 2) - 128
            val red = frame.red.at(x / 2, y / 2) - 128
            bytes[to++] = channel(luminance + 91881 * red) // 1.402
            bytes[to++] = channel(luminance - 22554 * blue - 46802 * red) // 0.344136, 0.714136
            bytes[to++] = channel(luminance + 116130 * blue) // 1.772
        }
    }
    return upright(RgbPicture(frame.widthPx, frame.heightPx, bytes), frame.orientation)
}

private const val YUV_BITS = 16

private fun channel(value: Int): Byte = (value shr YUV_BITS).coerceIn(0, 255).toByte()
