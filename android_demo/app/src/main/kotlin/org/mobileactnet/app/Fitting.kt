/* What fits where: rules of the views that need no phone. */
package org.mobileactnet.app

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
 * How the bar's buttons are laid out.
 *
 * @property columns that stand beside each other.
 * @property scale of the texts, at most 1.
 */
data class BarFit(val columns: Int, val scale: Float)

/**
 * Lays the bar out so that no text is cut: in one row where all of them fit at their size, else in rows of two, and
 * smaller where even that is too narrow.
 *
 * @param textWidthsPx of the buttons with the room around their texts.
 */
fun barFit(textWidthsPx: List<Float>, widthPx: Float): BarFit {
    val widest = textWidthsPx.max()
    if (widest <= widthPx / textWidthsPx.size) return BarFit(textWidthsPx.size, 1f)
    return BarFit(ROW, minOf(1f, widthPx / ROW / widest))
}

private const val ROW = 2
