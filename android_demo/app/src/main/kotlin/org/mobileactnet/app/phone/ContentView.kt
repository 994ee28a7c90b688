package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.Typeface
import android.text.Editable
import android.text.TextWatcher
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.Button
import android.widget.EditText
import android.widget.FrameLayout
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.TextView
import org.mobileactnet.app.Action
import org.mobileactnet.app.Block
import org.mobileactnet.app.ButtonFit
import org.mobileactnet.app.Input
import org.mobileactnet.app.ScreenContent
import org.mobileactnet.app.asks
import org.mobileactnet.app.choiceFit
import org.mobileactnet.app.isAnnounced
import org.mobileactnet.app.keptViews

private const val PADDING_DP = 12
private const val THUMBNAIL_DP = 64
private const val ROW_GAP_DP = 4
private const val HEADING_SP = 20f
private const val TEXT_SP = 16f
private const val STEPS = 1000
private const val TOUCH_DP = 48
private const val PREVIEW_SHARE = 0.62f
private const val ASKING_SHARE = 0.38f

/**
 * Makes framework views of a screen's content. Views stay as long as they can show what comes next, so
 * that no touch is lost. The camera's preview always stays, as a new one would have to wait for its
 * surface.
 *
 * @param perform does what was touched.
 * @param write takes in what is written.
 * @param zoomed told by how much two fingers on the preview went apart.
 */
class ContentView(
    context: Context,
    private val pictures: Pictures,
    private val perform: (Action) -> Unit,
    private val write: (Input, String) -> Unit,
    zoomed: (Float) -> Unit
) : LinearLayout(context) {
    val viewfinder = Viewfinder(context, zoomed)
    private val problemColour = context.getColor(identifier(context, "problem", "color"))
    private val frame = FrameLayout(context).apply {
        addView(viewfinder, FrameLayout.LayoutParams(WRAP_CONTENT, WRAP_CONTENT, Gravity.CENTER))
    }
    private val title = text(HEADING_SP).apply { typeface = Typeface.DEFAULT_BOLD }
    private val blocks = LinearLayout(context).apply { orientation = VERTICAL }
    private val scroll = ScrollView(context).apply { addView(blocks) }
    private val parts = PreviewAbove(context, frame, scroll)
    private var shown: ScreenContent? = null
    private var drawn = emptyList<Drawn>()

    init {
        orientation = VERTICAL
        addView(title)
        addView(parts, LayoutParams(MATCH_PARENT, 0, 1f))
    }

    /** Shows content; nothing happens where it is there already. */
    fun show(content: ScreenContent) {
        if (content == shown) return
        if (content.title != shown?.title) scroll.scrollTo(0, 0)
        shown = content
        title.text = content.title
        val preview = content.blocks.filterIsInstance<Block.Preview>().firstOrNull()
        frame.visibility = if (preview == null) View.GONE else View.VISIBLE
        viewfinder.contentDescription = preview?.label
        viewfinder.aims = preview?.aims ?: false
        parts.previewShare = if (content.asks) ASKING_SHARE else PREVIEW_SHARE
        showBlocks(content.blocks.filterNot { it is Block.Preview })
    }

    private fun showBlocks(next: List<Block>) {
        val kept = keptViews(drawn.map(Drawn::block), next)
        val between = drawn.size - kept.top - kept.bottom
        blocks.removeViews(kept.top, between)
        val added = next.subList(kept.top, next.size - kept.bottom).map(::draw)
        added.forEachIndexed { place, view -> blocks.addView(view.view, kept.top + place) }
        drawn = drawn.take(kept.top) + added + drawn.takeLast(kept.bottom)
        drawn.forEachIndexed { place, view -> view.show(next[place]) }
    }

    private fun draw(block: Block): Drawn = when (block) {
        is Block.Preview -> error("the preview is no block of its own")

        is Block.Heading -> text(HEADING_SP).apply { typeface = Typeface.DEFAULT_BOLD }.let { view ->
            drawn(view, block) {
                view.accessibilityLiveRegion = liveRegion(it)
                view.text = it.text
            }
        }

        is Block.Paragraph -> text(TEXT_SP).let { view -> drawn(view, block) { view.text = it.text } }

        is Block.Problem -> text(TEXT_SP).apply { setTextColor(problemColour) }.let { view ->
            drawn(view, block) {
                view.accessibilityLiveRegion = liveRegion(it)
                view.text = it.text
            }
        }

        is Block.Button -> button().let { view -> drawn(view, block) { view.show(it.text, it.action) } }

        is Block.Choice -> choice(block)

        is Block.Progress -> progress(block)

        is Block.PictureRow -> row(block)

        is Block.LargePicture -> image(large = true).let { view ->
            drawn(view, block) {
                view.contentDescription = it.label
                pictures.showLarge(view, it.pictureId, it.path)
            }
        }

        is Block.Field -> field(block)
    }

    /** What is written stays as it is while the screen shows the same: the cursor must not jump. */
    private fun field(block: Block.Field): Drawn {
        val label = text(TEXT_SP)
        val line = EditText(context).apply {
            setSingleLine()
            minimumHeight = px(TOUCH_DP)
            id = View.generateViewId()
        }
        label.labelFor = line.id
        val drawn = drawn(column(label, line), block) {
            label.text = it.label
            if (line.text.toString() != it.text) line.setText(it.text)
        }
        line.addTextChangedListener(
            object : TextWatcher {
                override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) = Unit

                override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) = Unit

                override fun afterTextChanged(text: Editable) {
                    if (text.toString() != (drawn.block as Block.Field).text) write(block.input, text.toString())
                }
            }
        )
        return drawn
    }

    private fun liveRegion(block: Block) =
        if (block.isAnnounced) View.ACCESSIBILITY_LIVE_REGION_POLITE else View.ACCESSIBILITY_LIVE_REGION_NONE

    private fun text(sizeSp: Float) = TextView(context).apply {
        textSize = sizeSp
        setPadding(px(PADDING_DP), px(PADDING_DP / 2), px(PADDING_DP), px(PADDING_DP / 2))
    }

    private fun button() = Button(context).apply {
        setAllCaps(false)
        minimumHeight = px(TOUCH_DP)
    }

    private fun Button.show(text: String, action: Action) {
        this.text = text
        setOnClickListener { perform(action) }
    }

    private fun choice(block: Block.Choice): Drawn {
        val heading = text(TEXT_SP)
        val buttons = block.options.map { button() }
        val fit = { widths: List<Float>, width: Float ->
            if (block.stacked) ButtonFit(columns = 1, scale = 1f) else choiceFit(widths, width)
        }
        val view = column(heading, ButtonRows(context, buttons, fit))
        return drawn(view, block) {
            heading.text = it.title
            it.options.zip(buttons) { option, button ->
                button.show(option.text, option.action)
                button.isSelected = option.chosen
                button.typeface = if (option.chosen) Typeface.DEFAULT_BOLD else Typeface.DEFAULT
                button.contentDescription = option.label
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
            setPadding(px(PADDING_DP), px(ROW_GAP_DP), 0, px(ROW_GAP_DP))
            addView(image, LayoutParams(px(THUMBNAIL_DP), px(THUMBNAIL_DP)))
            addView(column(name, detail), LayoutParams(0, WRAP_CONTENT, 1f))
            minimumHeight = px(TOUCH_DP)
            image.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO // The title says it.
            setOnClickListener { perform(block.action) } // A row whose action changes is made anew.
        }
        pictures.showThumbnail(image, block.pictureId, block.path)
        return drawn(view, block) {
            name.text = it.title
            detail.text = it.detail
            detail.visibility = if (it.detail.isEmpty()) View.GONE else View.VISIBLE
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

/** The number of a resource, which this build makes no class of. */
internal fun identifier(context: Context, name: String, type: String): Int =
    context.resources.getIdentifier(name, type, context.packageName)

/** The preview above what is said of it, or beside it where the screen is wider than high. */
private class PreviewAbove(context: Context, private val preview: View, private val scroll: View) :
    LinearLayout(context) {
    /** Of the height, at most, where the preview is above. */
    var previewShare = PREVIEW_SHARE
        set(value) {
            if (value == field) return
            field = value
            requestLayout()
        }

    init {
        addView(preview)
        addView(scroll)
    }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val height = MeasureSpec.getSize(heightMeasureSpec)
        val beside = width > height
        orientation = if (beside) HORIZONTAL else VERTICAL
        val most = MeasureSpec.makeMeasureSpec((previewShare * height).toInt(), MeasureSpec.AT_MOST)
        val across = MeasureSpec.makeMeasureSpec(width / 2, MeasureSpec.AT_MOST)
        preview.measure(
            if (beside) across else widthMeasureSpec,
            if (beside) heightMeasureSpec else most
        )
        val shown = preview.visibility != GONE
        preview.layoutParams = LayoutParams(
            if (beside) preview.measuredWidth else MATCH_PARENT,
            if (beside) MATCH_PARENT else preview.measuredHeight
        ).takeIf { shown } ?: LayoutParams(0, 0)
        scroll.layoutParams = if (beside) LayoutParams(0, MATCH_PARENT, 1f) else LayoutParams(MATCH_PARENT, 0, 1f)
        super.onMeasure(widthMeasureSpec, heightMeasureSpec)
    }
}
