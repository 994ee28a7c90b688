package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.Typeface
import android.text.TextPaint
import android.util.TypedValue
import android.view.ViewGroup
import android.widget.Button
import org.mobileactnet.app.ButtonFit

private const val GAP_DP = 8

/**
 * Buttons that belong together, in rows.
 *
 * @param fit says how many stand beside each other, from the widths of their texts and that of this view.
 */
class ButtonRows(
    context: Context,
    private val buttons: List<Button>,
    private val fit: (List<Float>, Float) -> ButtonFit
) : ViewGroup(context) {
    private val textPx = buttons.first().textSize
    private val gapPx = GAP_DP * resources.displayMetrics.density
    private var columns = buttons.size
    private val rows get() = buttons.chunked(columns)

    init {
        buttons.forEach(::addView)
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        // The chosen one is bold; another choice must not move the others.
        val paint = TextPaint(buttons.first().paint).apply {
            textSize = textPx
            typeface = Typeface.DEFAULT_BOLD
        }
        val wanted = buttons.map { paint.measureText(it.text.toString()) + it.paddingLeft + it.paddingRight + gapPx }
        val fitted = fit(wanted, width.toFloat())
        columns = fitted.columns
        val cell = MeasureSpec.makeMeasureSpec(width / columns, MeasureSpec.EXACTLY)
        val free = MeasureSpec.makeMeasureSpec(0, MeasureSpec.UNSPECIFIED)
        for (button in buttons) {
            val sizePx = textPx * fitted.scale
            if (button.textSize != sizePx) button.setTextSize(TypedValue.COMPLEX_UNIT_PX, sizePx)
            button.measure(cell, free)
        }
        setMeasuredDimension(width, rows.sumOf(::heightOf))
    }

    override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
        val width = (right - left) / columns
        var y = 0
        for (row in rows) {
            val height = heightOf(row)
            row.forEachIndexed { place, button -> button.layout(place * width, y, (place + 1) * width, y + height) }
            y += height
        }
    }

    private fun heightOf(row: List<Button>) = row.maxOf { it.measuredHeight }
}
