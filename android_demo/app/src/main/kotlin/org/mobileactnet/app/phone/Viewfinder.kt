/* The camera's picture, with a square to aim with and the outline of the answer. */
package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.graphics.Path
import android.view.MotionEvent
import android.view.ScaleGestureDetector
import android.view.TextureView
import android.view.View
import android.widget.FrameLayout
import org.mobileactnet.Place
import org.mobileactnet.app.previewCorners
import org.mobileactnet.app.previewSize

private const val SQUARE_SHARE = 0.7f
private const val SQUARE_COLOUR = 0xccffffff.toInt()
private const val OUTLINE_COLOUR = 0xff00e5a0.toInt()
private const val EDGE_COLOUR = 0xff00332a.toInt()
private const val LINE_DP = 3f

/**
 * Shows all of the frame that is described, three to four as the camera has it.
 *
 * @param zoomed told by how much two fingers went apart.
 */
class Viewfinder(context: Context, private val zoomed: (Float) -> Unit) : FrameLayout(context) {
    val texture = TextureView(context)
    private val marks = Marks(context)
    private val pinch = ScaleGestureDetector(
        context,
        object : ScaleGestureDetector.SimpleOnScaleGestureListener() {
            override fun onScale(detector: ScaleGestureDetector): Boolean {
                zoomed(detector.scaleFactor)
                return true
            }
        }
    )

    /** How far the screen is turned from the phone's usual position, 0 to 3 quarters. */
    var screenQuarters = 0
        set(value) {
            if (value == field) return
            field = value
            requestLayout()
        }

    init {
        addView(texture)
        addView(marks)
        marks.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO
    }

    /** Whether there is a square to aim with where there is no outline. */
    var aims = true
        set(value) {
            if (value == field) return
            field = value
            marks.aims = value
            marks.invalidate()
        }

    /** Draws an outline, in shares of the picture as it is seen; null draws none. */
    fun outline(places: List<Place>?) {
        if (places == marks.outline) return
        marks.outline = places
        marks.invalidate()
    }

    override fun onTouchEvent(event: MotionEvent): Boolean = pinch.onTouchEvent(event)

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val height = MeasureSpec.getSize(heightMeasureSpec)
        val fitted = previewSize(width, height, screenQuarters)
        super.onMeasure(
            MeasureSpec.makeMeasureSpec(fitted.widthPx, MeasureSpec.EXACTLY),
            MeasureSpec.makeMeasureSpec(fitted.heightPx, MeasureSpec.EXACTLY)
        )
    }

    override fun onLayout(changed: Boolean, left: Int, top: Int, right: Int, bottom: Int) {
        super.onLayout(changed, left, top, right, bottom)
        texture.setTransform(transform(right - left, bottom - top))
    }

    private fun transform(width: Int, height: Int): Matrix = Matrix().apply {
        val (usual, turned) = listOf(0, screenQuarters).map { previewCorners(width, height, it) }
        setPolyToPoly(usual, 0, turned, 0, usual.size / 2)
    }
}

private class Marks(context: Context) : View(context) {
    var outline: List<Place>? = null
    var aims = true
    private val density = resources.displayMetrics.density
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply { style = Paint.Style.STROKE }
    private val path = Path()

    override fun onDraw(canvas: Canvas) {
        val places = outline
        when {
            places != null -> drawOutline(canvas, places)
            aims -> drawSquare(canvas)
        }
    }

    private fun drawSquare(canvas: Canvas) {
        val half = SQUARE_SHARE * minOf(width, height) / 2
        line.color = SQUARE_COLOUR
        line.strokeWidth = LINE_DP * density
        canvas.drawRect(width / 2f - half, height / 2f - half, width / 2f + half, height / 2f + half, line)
    }

    /** A dark edge, so that it is seen on any picture. */
    private fun drawOutline(canvas: Canvas, places: List<Place>) {
        path.reset()
        places.forEachIndexed { number, place ->
            val x = (place.x * width).toFloat()
            val y = (place.y * height).toFloat()
            if (number == 0) path.moveTo(x, y) else path.lineTo(x, y)
        }
        path.close()
        for ((colour, width) in listOf(EDGE_COLOUR to 2 * LINE_DP, OUTLINE_COLOUR to LINE_DP)) {
            line.color = colour
            line.strokeWidth = width * density
            canvas.drawPath(path, line)
        }
    }
}
