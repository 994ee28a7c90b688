package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame
import kotlin.test.assertTrue

class ResizeTest {
    private val folder = File(golden, "preprocessing")

    @Test
    fun everyGoldenPictureIsResizedToTheBit() {
        val cases = jsonOf(File(folder, "index.json")).getJSONArray("cases").objects()
        assertTrue(cases.size >= 30)
        for (case in cases) {
            val source = File(case.getString("source")).name
            val bytes = File(decoded, "$source.rgb").readBytes()
            assertEquals(case.getString("decoded_sha256"), sha256(bytes.inputStream()), source)
            val picture =
                RgbPicture(case.getInt("decoded_width"), case.getInt("decoded_height"), bytes)
            val resized = resize(picture, case.getInt("height"), case.getInt("width"))
            val expected = File(folder, case.getString("expected")).readBytes()
            assertContentEquals(expected, resized.bytes, source)
        }
    }

    @Test
    fun theRightSizeIsHandedOverUntouched() {
        val picture = RgbPicture(2, 1, byteArrayOf(1, 2, 3, 4, 5, 6))
        assertSame(picture, resize(picture, 1, 2))
    }

    @Test
    fun aPictureThatWouldGrowBeyondTheMemoryIsRefused() {
        val strip = RgbPicture(1, 1_000_000, ByteArray(3_000_000))
        val message = assertFailsWith<PictureException> { resize(strip, 224, 224) }.message
        assertContains(message.orEmpty(), "1 x 1000000 pixels: too narrow and long")
    }

    @Test
    fun aPictureIsFittedIntoASquareAndNeverEnlarged() {
        val picture = RgbPicture(8, 4, ByteArray(96) { 7 })
        val small = fitted(picture, 4)
        assertEquals(4 to 2, small.widthPx to small.heightPx)
        assertTrue(small.bytes.all { it == 7.toByte() })
        assertSame(picture, fitted(picture, 9))
        val line = fitted(RgbPicture(1, 8, ByteArray(24)), 2)
        assertEquals(1 to 2, line.widthPx to line.heightPx)
    }

    @Test
    fun halvingARowWeighsNeighboursAsATriangle() {
        // Support 2, centres 1 and 3: weights 1/4, 3/4, 3/4, 1/4, without what lies outside.
        val grey = { value: Int -> List(3) { value.toByte() } }
        val row = RgbPicture(4, 1, (grey(0) + grey(70) + grey(140) + grey(210)).toByteArray())
        val halved = resize(row, 1, 2)
        // (0 * 3 + 70 * 3 + 140 * 1) / 7 = 50 and (70 * 1 + 140 * 3 + 210 * 3) / 7 = 160
        assertContentEquals((grey(50) + grey(160)).toByteArray(), halved.bytes)
    }
}
