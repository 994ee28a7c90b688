package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.Typeface
import android.text.TextPaint
import android.util.TypedValue
import android.view.ViewGroup
import android.widget.Button
import org.mobileactnet.app.barFit

private const val GAP_DP = 8

/** The buttons of the main screens: in one row, or in two where their texts are too wide for one. */
class BottomBar(context: Context, private val buttons: List<Button>) : ViewGroup(context) {
    private val textPx = buttons.first().textSize
    private val gapPx = GAP_DP * resources.displayMetrics.density
    private var columns = buttons.size

    init {
        buttons.forEach(::addView)
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        // The chosen one is bold; another choice must not move the bar.
        val paint = TextPaint(buttons.first().paint).apply {
            textSize = textPx
            typeface = Typeface.DEFAULT_BOLD
        }
        val fit = barFit(buttons.map { paint.measureText(it.text.toString()) + gapPx }, width.toFloat())
        columns = fit.columns
        val cell = MeasureSpec.makeMeasureSpec(width / columns, MeasureSpec.EXACTLY)
        val free = MeasureSpec.makeMeasureSpec(0, MeasureSpec.UNSPECIFIED)
        for (button in buttons) {
            val wanted = textPx * fit.scale
            if (button.textSize != wanted) button.setTextSize(TypedValue.COMPLEX_UNIT_PX, wanted)
            button.measure(cell, free)
        }
        setMeasuredDimension(width, rowHeight() * ((buttons.size + columns - 1) / columns))
    }

    override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
        val width = (right - left) / columns
        val height = rowHeight()
        buttons.forEachIndexed { place, button ->
            val x = place % columns * width
            val y = place / columns * height
            button.layout(x, y, x + width, y + height)
        }
    }

    private fun rowHeight() = buttons.maxOf { it.measuredHeight }
}
