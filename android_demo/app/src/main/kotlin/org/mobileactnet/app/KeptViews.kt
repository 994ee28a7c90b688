/*
 * Which views stay when a screen's content changes. A view under a finger must stay the same object, or
 * the touch is lost, and must not come to mean something else before the finger is lifted.
 */
package org.mobileactnet.app

/** How many blocks keep their views, from the top and from the bottom; those between are made anew. */
data class KeptViews(val top: Int, val bottom: Int)

/** The views of [shown] that can show [next]; what is put in or taken out leaves those around it. */
fun keptViews(shown: List<Block>, next: List<Block>): KeptViews {
    val most = minOf(shown.size, next.size)
    val top = (0 until most).firstOrNull { !canShow(shown[it], next[it]) } ?: most
    val left = most - top
    val bottom = (0 until left).firstOrNull { !canShow(shown[shown.lastIndex - it], next[next.lastIndex - it]) }
    return KeptViews(top, bottom ?: left)
}

/** Whether the view of one block can show another: of the same kind, with the same meaning of a touch. */
private fun canShow(shown: Block, next: Block): Boolean = when (shown) {
    is Block.Preview -> next is Block.Preview

    is Block.Heading -> next is Block.Heading

    is Block.Paragraph -> next is Block.Paragraph

    is Block.Problem -> next is Block.Problem

    is Block.Progress -> next is Block.Progress

    is Block.Button -> next is Block.Button && shown.action == next.action

    is Block.Choice ->
        next is Block.Choice && shown.stacked == next.stacked &&
            shown.options.map(Option::text) == next.options.map(Option::text)

    is Block.PictureRow -> next is Block.PictureRow && shown.path == next.path && shown.action == next.action

    is Block.LargePicture -> next is Block.LargePicture && shown.path == next.path

    is Block.Field -> next is Block.Field && shown.input == next.input
}
