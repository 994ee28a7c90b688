package org.mobileactnet

import java.awt.image.BufferedImage
import java.io.File
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame

class RgbPictureTest {
    private val folder = File(golden, "preprocessing")

    /** Decodes a golden source with Java's decoder, its orientation not applied. */
    private fun decode(source: String): Pair<BufferedImage, RgbPicture> {
        val image = ImageIO.read(File(folder, "sources/$source"))
        val argb = image.getRGB(0, 0, image.width, image.height, null, 0, image.width)
        return image to overWhite(argb, image.width, image.height)
    }

    private fun expected(source: String): ByteArray = File(decoded, "$source.rgb").readBytes()

    @Test
    fun everyOrientationIsTurnedUpright() {
        for (orientation in 1..8) {
            val (_, picture) = decode("orientation_$orientation.png")
            val turned = upright(picture, orientation)
            assertContentEquals(expected("orientation_$orientation.png"), turned.bytes)
        }
    }

    @Test
    fun anUnknownOrientationChangesNothing() {
        val (_, picture) = decode("odd.png")
        for (orientation in listOf(-1, 0, 1, 9)) assertSame(picture, upright(picture, orientation))
    }

    @Test
    fun transparencyIsLaidOverWhite() {
        for (source in listOf("rgba.png", "palette_alpha.png", "rgb_transparent_colour.png")) {
            assertContentEquals(expected(source), decode(source).second.bytes, source)
        }
    }

    @Test
    fun palettesAndOneBitPicturesBecomeRgb() {
        for (source in listOf("palette.png", "one_bit.png", "bitmap.bmp", "two_frames.gif")) {
            assertContentEquals(expected(source), decode(source).second.bytes, source)
        }
    }

    @Test
    fun tooManyPixelsAreRefused() {
        val message = assertFailsWith<PictureException> { checkSize(9460, 9459) }.message
        assertEquals(
            "The picture has 9460 x 9459 pixels; from 1 to 89478485 can be used: choose another",
            message
        )
        assertFailsWith<PictureException> { checkSize(0, 5) }
        assertFailsWith<PictureException> { checkSize(65536, 65536) }
        checkSize(9459, 9459)
    }

    @Test
    fun theGoldenPictureFollowsItsFormula() {
        val picture = goldenPicture(Preprocessing("pillow-bilinear", 1, 3, 5))
        // Row 2, column 4: 8 xor 8, 12 xor 6, 16 xor 4.
        val start = 3 * (2 * 5 + 4)
        assertContentEquals(byteArrayOf(0, 10, 20), picture.bytes.copyOfRange(start, start + 3))
    }
}
