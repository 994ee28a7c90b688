package org.mobileactnet.app

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class FittingTest {
    @Test
    fun thePreviewShowsAllOfTheFrameAsLargeAsThereIsRoom() {
        assertEquals(ViewSize(1080, 1440), previewSize(1080, 2000, 0)) // As wide as the screen.
        assertEquals(ViewSize(750, 1000), previewSize(1080, 1000, 2)) // No higher than its room.
        assertEquals(ViewSize(1200, 900), previewSize(1200, 1000, 1)) // The screen lies: so does the frame.
        for (quarters in 0..3) {
            for ((width, height) in listOf(320 to 260, 720 to 1280, 1280 to 720)) {
                val size = previewSize(width, height, quarters)
                assertTrue(size.widthPx <= width && size.heightPx <= height, "$size in $width x $height")
                val (longer, shorter) = maxOf(size.widthPx, size.heightPx) to minOf(size.widthPx, size.heightPx)
                assertEquals(4.0 / 3, longer.toDouble() / shorter, 0.02)
                assertEquals(quarters % 2 == 1, size.widthPx > size.heightPx)
            }
        }
    }

    @Test
    fun noTextOfTheBarIsCut() {
        val fitting = listOf(40f, 50f, 60f, 80f)
        assertEquals(ButtonFit(4, 1f), barFit(fitting, 320f))
        assertEquals(ButtonFit(2, 1f), barFit(fitting.map { 2 * it }, 320f))
        assertEquals(ButtonFit(4, 0.9f), barFit(listOf(40f, 50f, 60f, 100f), 360f))
        assertEquals(ButtonFit(2, 1f), barFit(listOf(40f, 50f, 60f, 110f), 360f))
        assertEquals(ButtonFit(2, 0.8f), barFit(listOf(40f, 50f, 60f, 200f), 320f))
    }

    @Test
    fun noTextOfAChoiceIsBrokenBesideAnother() {
        val fitting = listOf(40f, 50f, 60f, 80f)
        assertEquals(ButtonFit(4, 1f), choiceFit(fitting, 320f))
        assertEquals(ButtonFit(2, 1f), choiceFit(fitting.map { 1.2f * it }, 320f))
        assertEquals(ButtonFit(1, 1f), choiceFit(fitting.map { 2.1f * it }, 320f))
        // Two and one would look as if the last were something else.
        assertEquals(ButtonFit(1, 1f), choiceFit(listOf(40f, 50f, 120f), 320f))
    }

    @Test
    fun theCamerasPictureStandsUprightHoweverTheScreenIsTurned() {
        // Top left, top right, bottom right of the usual position. A quarter: the phone's top is on the left.
        assertContentEquals(floatArrayOf(0f, 0f, 30f, 0f, 30f, 40f), previewCorners(30, 40, 0))
        assertContentEquals(floatArrayOf(0f, 30f, 0f, 0f, 40f, 0f), previewCorners(40, 30, 1))
        assertContentEquals(floatArrayOf(30f, 40f, 0f, 40f, 0f, 0f), previewCorners(30, 40, 2))
        assertContentEquals(floatArrayOf(40f, 0f, 40f, 30f, 0f, 30f), previewCorners(40, 30, 3))
    }
}
