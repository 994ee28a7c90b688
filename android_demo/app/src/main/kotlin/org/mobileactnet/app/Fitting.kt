/* What fits where: rules of the views that need no phone. */
package org.mobileactnet.app

import org.mobileactnet.Place
import org.mobileactnet.turned

/** Pixels of a view. */
data class ViewSize(val widthPx: Int, val heightPx: Int)

/**
 * The largest preview in a room that shows all of a frame, which has three to four sides.
 *
 * @param screenQuarters how far the screen is turned from the phone's usual position, 0 to 3.
 */
fun previewSize(widthPx: Int, heightPx: Int, screenQuarters: Int): ViewSize {
    val (across, down) = if (screenQuarters % 2 == 0) 3 to 4 else 4 to 3
    val fitted = minOf(widthPx, heightPx * across / down)
    return ViewSize(fitted, fitted * down / across)
}

/**
 * Where corners of the camera's picture lie in a view: Camera2 turns it for the phone's usual position alone.
 *
 * @param screenQuarters how far the screen is turned from that position, 0 to 3.
 * @return x and y, in pixels, of what is top left, top right and bottom right in the usual position.
 */
fun previewCorners(widthPx: Int, heightPx: Int, screenQuarters: Int): FloatArray =
    listOf(Place(0.0, 0.0), Place(1.0, 0.0), Place(1.0, 1.0))
        .map { turned(it, -QUARTER_DEGREES * screenQuarters) }
        .flatMap { listOf((it.x * widthPx).toFloat(), (it.y * heightPx).toFloat()) }
        .toFloatArray()

/**
 * How buttons that belong together are laid out.
 *
 * @property columns that stand beside each other.
 * @property scale of the texts, at most 1.
 */
data class ButtonFit(val columns: Int, val scale: Float)

/**
 * Lays the bar out so that no text is cut: in one row where all of them fit, if little smaller, else in rows of two,
 * and smaller where even that is too narrow.
 *
 * @param textWidthsPx of the buttons with the room around their texts.
 */
fun barFit(textWidthsPx: List<Float>, widthPx: Float): ButtonFit {
    val widest = textWidthsPx.max()
    val scales = listOf(textWidthsPx.size, ROW).map { it to minOf(1f, widthPx / it / widest) }
    val (columns, scale) = scales.firstOrNull { it.second >= LEAST_IN_A_ROW } ?: scales.last()
    return ButtonFit(columns, scale)
}

/**
 * Lays values to choose from out so that no text is broken while buttons stand beside each other: in one row, else in
 * rows of two that are full, else below each other.
 *
 * @param textWidthsPx of the buttons with the room around their texts.
 */
fun choiceFit(textWidthsPx: List<Float>, widthPx: Float): ButtonFit {
    val widest = textWidthsPx.max()
    val columns = setOf(textWidthsPx.size, ROW).firstOrNull { columns ->
        textWidthsPx.size % columns == 0 && widest <= widthPx / columns
    }
    return ButtonFit(columns ?: 1, 1f)
}

private const val ROW = 2

/** Of a button's text, of 14 sp: 12 sp, as bars at the bottom have elsewhere. */
private const val LEAST_IN_A_ROW = 12f / 14
private const val QUARTER_DEGREES = 90
