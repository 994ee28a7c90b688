package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Typeface
import android.view.Gravity
import android.view.TextureView
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.Button
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.TextView
import org.mobileactnet.app.Action
import org.mobileactnet.app.Block
import org.mobileactnet.app.ScreenContent

private const val PADDING_DP = 12
private const val THUMBNAIL_DP = 72
private const val HEADING_SP = 20f
private const val TEXT_SP = 16f
private const val STEPS = 1000
private const val PROBLEM_COLOUR = 0xffb00020.toInt()

/**
 * Makes framework views of a screen's content. The camera's preview stays one view, as a new one
 * would have to wait for its surface.
 *
 * @param picture loads a picture of the gallery, large or small; null where there is none.
 * @param perform does what was touched.
 */
class ContentView(
    context: Context,
    private val picture: (id: Long, large: Boolean) -> Bitmap?,
    private val perform: (Action) -> Unit,
) : LinearLayout(context) {
    val preview: TextureView = PreviewView(context)
    private val title = text("", HEADING_SP).apply { typeface = Typeface.DEFAULT_BOLD }
    private val blocks = LinearLayout(context).apply { orientation = VERTICAL }
    private var shown: ScreenContent? = null

    init {
        orientation = VERTICAL
        addView(title)
        addView(preview, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        addView(ScrollView(context).apply { addView(blocks) }, LayoutParams(MATCH_PARENT, 0, 1f))
    }

    /** Shows content; nothing happens where it is there already. */
    fun show(content: ScreenContent) {
        if (content == shown) return
        shown = content
        title.text = content.title
        preview.visibility = if (Block.Preview in content.blocks) View.VISIBLE else View.GONE
        blocks.removeAllViews()
        content.blocks.mapNotNull(::viewOf).forEach(blocks::addView)
    }

    private fun viewOf(block: Block): View? = when (block) {
        Block.Preview -> null
        is Block.Heading -> text(block.text, HEADING_SP)
        is Block.Paragraph -> text(block.text, TEXT_SP)
        is Block.Problem -> text(block.text, TEXT_SP).apply { setTextColor(PROBLEM_COLOUR) }
        is Block.Button -> button(block.text, block.action)
        is Block.Choice -> choice(block)
        is Block.Progress -> progress(block)
        is Block.PictureRow -> row(block)
        is Block.LargePicture -> image(block.pictureId, large = true)
    }

    private fun text(value: String, sizeSp: Float) = TextView(context).apply {
        text = value
        textSize = sizeSp
        setPadding(px(PADDING_DP), px(PADDING_DP / 2), px(PADDING_DP), px(PADDING_DP / 2))
    }

    private fun button(text: String, action: Action) = Button(context).apply {
        this.text = text
        setAllCaps(false)
        setOnClickListener { perform(action) }
    }

    private fun choice(block: Block.Choice) = LinearLayout(context).apply {
        orientation = VERTICAL
        addView(text(block.title, TEXT_SP))
        addView(LinearLayout(context).apply {
            block.options.forEach { option ->
                addView(button(option.text, option.action).apply {
                    isSelected = option.chosen
                    typeface = if (option.chosen) Typeface.DEFAULT_BOLD else Typeface.DEFAULT
                    contentDescription = if (option.chosen) "${option.text}, chosen" else option.text
                })
            }
        })
    }

    private fun progress(block: Block.Progress) = LinearLayout(context).apply {
        orientation = VERTICAL
        addView(text(block.text, TEXT_SP))
        addView(ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply {
            max = STEPS
            progress = (STEPS * block.share).toInt()
        })
    }

    private fun row(block: Block.PictureRow) = LinearLayout(context).apply {
        setGravity(Gravity.CENTER_VERTICAL)
        addView(image(block.pictureId, large = false), LayoutParams(px(THUMBNAIL_DP), px(THUMBNAIL_DP)))
        addView(LinearLayout(context).apply {
            orientation = VERTICAL
            addView(text(block.title, TEXT_SP).apply { typeface = Typeface.DEFAULT_BOLD })
            addView(text(block.detail, TEXT_SP))
        })
        setOnClickListener { perform(block.action) }
    }

    private fun image(id: Long, large: Boolean) = ImageView(context).apply {
        scaleType = ImageView.ScaleType.FIT_CENTER
        adjustViewBounds = large
        setImageBitmap(picture(id, large))
    }

    private fun px(dp: Int): Int = (dp * resources.displayMetrics.density).toInt()
}

/** The camera's picture, three to four as its frames, upright. */
private class PreviewView(context: Context) : TextureView(context) {
    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val available = MeasureSpec.getSize(heightMeasureSpec)
        val height = minOf(width * 4 / 3, available / 2)
        setMeasuredDimension(minOf(width, height * 3 / 4), height)
    }
}

/** A JPEG or any photo file as a bitmap of at most about [sidePx]; null where it is none. */
fun bitmapOf(bytes: ByteArray, sidePx: Int): Bitmap? {
    val options = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
    options.inSampleSize = maxOf(1, maxOf(options.outWidth, options.outHeight) / sidePx)
    options.inJustDecodeBounds = false
    return BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
}
