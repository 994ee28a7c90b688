package org.mobileactnet.app

import kotlin.test.Test
import kotlin.test.assertEquals

class KeptViewsTest {
    private val stop = Block.Button("Stop", Action.StopIndexing)
    private val goOn = Block.Button("Go on", Action.GoOnIndexing)
    private val add = Block.Button("Add photos", Action.AddPhotos)

    private fun row(id: Long, path: String = "$id.jpg") =
        Block.PictureRow(id, path, "title", "detail", Action.ShowPicture(id))

    @Test
    fun textsChangeInPlace() {
        val shown = listOf(Block.Heading("12 pictures"), Block.Progress("1 of 9", 0.1), stop, add)
        val next = listOf(Block.Heading("13 pictures"), Block.Progress("2 of 9", 0.2), stop, add)
        assertEquals(KeptViews(4, 0), keptViews(shown, next))
    }

    @Test
    fun whatIsPutInLeavesTheButtonsAroundItAlone() {
        val shown = listOf(Block.Preview("camera", null, aims = true), row(1), Block.Paragraph("15 frames"), add)
        val nothing = listOf(Block.Heading("Nothing"), Block.Paragraph("The nearest"))
        val next = shown.take(1) + nothing + shown.drop(1)
        assertEquals(KeptViews(1, 3), keptViews(shown, next))
        assertEquals(KeptViews(1, 3), keptViews(next, shown))
    }

    @Test
    fun anAddedPictureIsOneNewRow() {
        val shown = listOf(add, row(2), row(1))
        assertEquals(KeptViews(1, 2), keptViews(shown, listOf(add, row(3), row(2), row(1))))
    }

    @Test
    fun aTouchNeverComesToMeanSomethingElse() {
        assertEquals(KeptViews(0, 1), keptViews(listOf(stop, add), listOf(goOn, add)))
        assertEquals(KeptViews(0, 0), keptViews(listOf(row(1)), listOf(row(2))))
        // A picture's number is given again after it has been deleted; its path is not.
        assertEquals(KeptViews(0, 0), keptViews(listOf(row(1, "a")), listOf(row(1, "b"))))
    }

    @Test
    fun aChoiceStaysWhenAnotherOptionIsChosen() {
        val choice = { chosen: Int ->
            val options = List(2) { Option("$it", it == chosen, Action.Change(Settings(top = it))) }
            listOf(Block.Choice("Matches", options))
        }
        assertEquals(KeptViews(1, 0), keptViews(choice(0), choice(1)))
    }

    @Test
    fun noViewIsKeptTwice() {
        assertEquals(KeptViews(1, 0), keptViews(listOf(add), listOf(add, add)))
        assertEquals(KeptViews(1, 0), keptViews(listOf(add, add), listOf(add)))
        assertEquals(KeptViews(0, 0), keptViews(emptyList(), listOf(add)))
    }
}
