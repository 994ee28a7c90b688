/* Views, version 1 (docs/views.md): the crops and turns of a photo that are described one by one. */
package org.mobileactnet

import kotlin.math.max

/** Longest side of the reduced photo that every view but `whole` is cut from. */
const val WORKING_SIDE_PX = 640

/** Degrees clockwise, and EXIF's number for each; above the sets, which need it. */
private val TURNS = mapOf(0 to 1, 90 to 6, 180 to 3, 270 to 8)

/** Which part of a photo a view shows. */
enum class Crop(val word: String) {
    WHOLE("whole"),
    CENTRE("centre"),
    HALF("half"),
    TOP_LEFT("top-left"),
    TOP_RIGHT("top-right"),
    BOTTOM_LEFT("bottom-left"),
    BOTTOM_RIGHT("bottom-right")
}

/**
 * One crop of a photo, turned.
 *
 * @property turnDeg 0, 90, 180 or 270, clockwise, after cropping.
 */
data class View(val crop: Crop, val turnDeg: Int = 0) {
    init {
        require(turnDeg in TURNS) { "a view is turned by $turnDeg; give 0, 90, 180 or 270" }
    }

    override fun toString() = if (turnDeg == 0) crop.word else "${crop.word}@$turnDeg"
}

/** Sets of views by name; `none` describes the whole photo alone. */
val VIEW_SETS: Map<String, List<View>> = run {
    val upright = { crops: List<Crop> -> crops.map { View(it) } }
    val turned = listOf(90, 180, 270).map { View(Crop.CENTRE, it) }
    val corners = listOf(Crop.TOP_LEFT, Crop.TOP_RIGHT, Crop.BOTTOM_LEFT, Crop.BOTTOM_RIGHT)
    mapOf(
        "none" to upright(listOf(Crop.WHOLE)),
        "standard" to upright(listOf(Crop.WHOLE, Crop.CENTRE, Crop.HALF)) + turned,
        "thorough" to upright(listOf(Crop.WHOLE, Crop.CENTRE) + corners) + turned
    )
}

/** A rectangle of whole pixels; [right] and [bottom] are the first that are outside. */
data class Box(val left: Int, val top: Int, val right: Int, val bottom: Int)

/** Where a crop lies in a picture of this size. */
fun cropBox(crop: Crop, widthPx: Int, heightPx: Int): Box {
    if (crop == Crop.WHOLE) return Box(0, 0, widthPx, heightPx)
    val size = { side: Int -> if (crop == Crop.HALF) (side + 1) / 2 else max(1, (7 * side + 5) / 10) }
    val right = widthPx - size(widthPx)
    val bottom = heightPx - size(heightPx)
    val left = when (crop) {
        Crop.TOP_LEFT, Crop.BOTTOM_LEFT -> 0
        Crop.TOP_RIGHT, Crop.BOTTOM_RIGHT -> right
        else -> right / 2
    }
    val top = when (crop) {
        Crop.TOP_LEFT, Crop.TOP_RIGHT -> 0
        Crop.BOTTOM_LEFT, Crop.BOTTOM_RIGHT -> bottom
        else -> bottom / 2
    }
    return Box(left, top, left + size(widthPx), top + size(heightPx))
}

/** Width and height of a picture whose longest side is at most [sidePx]; nothing is enlarged. */
fun workingSize(widthPx: Int, heightPx: Int, sidePx: Int = WORKING_SIDE_PX): Pair<Int, Int> {
    val longest = max(widthPx, heightPx)
    if (longest <= sidePx) return widthPx to heightPx
    val reduced = { side: Int -> max(1L, (side.toLong() * sidePx + longest / 2) / longest).toInt() }
    return reduced(widthPx) to reduced(heightPx)
}

/** Reduces a picture to a longest side of [sidePx] with the arithmetic of [resize]. */
fun workingPicture(photo: RgbPicture, sidePx: Int = WORKING_SIDE_PX): RgbPicture {
    val (width, height) = workingSize(photo.widthPx, photo.heightPx, sidePx)
    return resize(photo, height, width)
}

/**
 * The pictures of a photo's views; [resize] then brings each to the model's size. `whole` is the photo itself.
 *
 * @param working [workingPicture] of the photo, where it is at hand already.
 */
fun viewPictures(photo: RgbPicture, views: List<View>, working: RgbPicture? = null): List<RgbPicture> {
    val reduced by lazy { working ?: workingPicture(photo) }
    return views.map { view ->
        turned(if (view.crop == Crop.WHOLE) photo else cropped(reduced, view.crop), view.turnDeg)
    }
}

private fun cropped(picture: RgbPicture, crop: Crop): RgbPicture {
    val box = cropBox(crop, picture.widthPx, picture.heightPx)
    val width = box.right - box.left
    val height = box.bottom - box.top
    val bytes = ByteArray(CHANNELS * width * height)
    for (y in 0 until height) {
        val from = CHANNELS * ((box.top + y) * picture.widthPx + box.left)
        picture.bytes.copyInto(bytes, CHANNELS * y * width, from, from + CHANNELS * width)
    }
    return RgbPicture(width, height, bytes)
}

private fun turned(picture: RgbPicture, turnDeg: Int): RgbPicture = upright(picture, TURNS.getValue(turnDeg))
