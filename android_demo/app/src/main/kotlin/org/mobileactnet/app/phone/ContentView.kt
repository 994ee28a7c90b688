package org.mobileactnet.app.phone

import android.content.Context
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
import org.mobileactnet.app.keptViews

private const val PADDING_DP = 12
private const val THUMBNAIL_DP = 72
private const val HEADING_SP = 20f
private const val TEXT_SP = 16f
private const val STEPS = 1000
private const val PROBLEM_COLOUR = 0xffb00020.toInt()

/**
 * Makes framework views of a screen's content. Views stay as long as they can show what comes next, so
 * that no touch is lost. The camera's preview always stays, as a new one would have to wait for its
 * surface.
 *
 * @param perform does what was touched.
 */
class ContentView(context: Context, private val pictures: Pictures, private val perform: (Action) -> Unit) :
    LinearLayout(context) {
    val preview: TextureView = PreviewView(context)
    private val title = text(HEADING_SP).apply { typeface = Typeface.DEFAULT_BOLD }
    private val blocks = LinearLayout(context).apply { orientation = VERTICAL }
    private val scroll = ScrollView(context).apply { addView(blocks) }
    private var shown: ScreenContent? = null
    private var drawn = emptyList<Drawn>()

    init {
        orientation = VERTICAL
        addView(title)
        addView(preview, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        addView(scroll, LayoutParams(MATCH_PARENT, 0, 1f))
    }

    /** Shows content; nothing happens where it is there already. */
    fun show(content: ScreenContent) {
        if (content == shown) return
        if (content.title != shown?.title) scroll.scrollTo(0, 0)
        shown = content
        title.text = content.title
        preview.visibility = if (Block.Preview in content.blocks) View.VISIBLE else View.GONE
        showBlocks(content.blocks - Block.Preview)
    }

    private fun showBlocks(next: List<Block>) {
        val kept = keptViews(drawn.map(Drawn::block), next)
        val between = drawn.size - kept.top - kept.bottom
        blocks.removeViews(kept.top, between)
        val made = next.subList(kept.top, next.size - kept.bottom).map(::draw)
        made.forEachIndexed { place, view -> blocks.addView(view.view, kept.top + place) }
        drawn = drawn.take(kept.top) + made + drawn.takeLast(kept.bottom)
        drawn.forEachIndexed { place, view -> view.show(next[place]) }
    }

    private fun draw(block: Block): Drawn = when (block) {
        Block.Preview -> error("the preview is no block of its own")

        is Block.Heading -> text(HEADING_SP).let { view -> drawn(view, block) { view.text = it.text } }

        is Block.Paragraph -> text(TEXT_SP).let { view -> drawn(view, block) { view.text = it.text } }

        is Block.Problem -> text(TEXT_SP).apply { setTextColor(PROBLEM_COLOUR) }
            .let { view -> drawn(view, block) { view.text = it.text } }

        is Block.Button -> button().let { view -> drawn(view, block) { view.show(it.text, it.action) } }

        is Block.Choice -> choice(block)

        is Block.Progress -> progress(block)

        is Block.PictureRow -> row(block)

        is Block.LargePicture -> image(large = true).let { view ->
            drawn(view, block) { pictures.showLarge(view, it.pictureId, it.path) }
        }
    }

    private fun text(sizeSp: Float) = TextView(context).apply {
        textSize = sizeSp
        setPadding(px(PADDING_DP), px(PADDING_DP / 2), px(PADDING_DP), px(PADDING_DP / 2))
    }

    private fun button() = Button(context).apply { setAllCaps(false) }

    private fun Button.show(text: String, action: Action) {
        this.text = text
        setOnClickListener { perform(action) }
    }

    private fun choice(block: Block.Choice): Drawn {
        val heading = text(TEXT_SP)
        val buttons = block.options.map { button() }
        val view = column(
            heading,
            LinearLayout(context).apply {
                if (block.stacked) orientation = VERTICAL
                buttons.forEach(::addView)
            }
        )
        return drawn(view, block) {
            heading.text = it.title
            it.options.zip(buttons) { option, button ->
                button.show(option.text, option.action)
                button.isSelected = option.chosen
                button.typeface = if (option.chosen) Typeface.DEFAULT_BOLD else Typeface.DEFAULT
                button.contentDescription = if (option.chosen) "${option.text}, chosen" else option.text
            }
        }
    }

    private fun progress(block: Block.Progress): Drawn {
        val text = text(TEXT_SP)
        val bar = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply { max = STEPS }
        return drawn(column(text, bar), block) {
            text.text = it.text
            bar.progress = (STEPS * it.share).toInt()
        }
    }

    private fun row(block: Block.PictureRow): Drawn {
        val image = image(large = false)
        val name = text(TEXT_SP).apply { typeface = Typeface.DEFAULT_BOLD }
        val detail = text(TEXT_SP)
        val view = LinearLayout(context).apply {
            setGravity(Gravity.CENTER_VERTICAL)
            addView(image, LayoutParams(px(THUMBNAIL_DP), px(THUMBNAIL_DP)))
            addView(column(name, detail))
            setOnClickListener { perform(block.action) } // A row whose action changes is made anew.
        }
        pictures.showThumbnail(image, block.pictureId, block.path)
        return drawn(view, block) {
            name.text = it.title
            detail.text = it.detail
        }
    }

    private fun column(vararg views: View) = LinearLayout(context).apply {
        orientation = VERTICAL
        views.forEach(::addView)
    }

    private fun image(large: Boolean) = ImageView(context).apply {
        scaleType = ImageView.ScaleType.FIT_CENTER
        adjustViewBounds = large
    }

    private fun px(dp: Int): Int = (dp * resources.displayMetrics.density).toInt()
}

/** A view with the block that it shows, and how it shows another of that kind. */
private class Drawn(val view: View, block: Block, private val fill: (Block) -> Unit) {
    var block: Block = block
        private set

    init {
        fill(block)
    }

    fun show(next: Block) {
        if (next == block) return
        block = next
        fill(next)
    }
}

/** [keptViews] sees to it that a view is given blocks of its own kind. */
private inline fun <reified B : Block> drawn(view: View, block: B, crossinline fill: (B) -> Unit) =
    Drawn(view, block) { fill(it as B) }

/** The camera's picture, three to four as its frames, upright. */
private class PreviewView(context: Context) : TextureView(context) {
    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val available = MeasureSpec.getSize(heightMeasureSpec)
        val height = minOf(width * 4 / 3, available / 2)
        setMeasuredDimension(minOf(width, height * 3 / 4), height)
    }
}
