package org.mobileactnet

import java.io.File
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class PictureFileTest {
    private val sources = File(golden, "preprocessing/sources")
    private val names = listOf("jpeg_orientation_6.jpg", "rgb16.png", "lossless.webp")

    @Test
    fun goldenPicturesAreWholeAndTheirBeginningsAreNot() {
        for (name in names) {
            val file = File(sources, name).readBytes()
            assertFalse(isTruncated(file), name)
            // What follows the end is no part of the picture: phones append films.
            assertFalse(isTruncated(file + ByteArray(50) { 7 }), name)
            for (length in 16 until file.size step 1 + file.size / 300) {
                assertTrue(isTruncated(file.copyOf(length)), "$name cut to $length bytes")
            }
            assertTrue(isTruncated(file.copyOf(file.size - 2)), name)
        }
    }

    @Test
    fun anEndMarkerInsideMetadataIsNoEnd() {
        val start = byteArrayOf(-1, 0xd8.toByte(), -1, 0xe1.toByte(), 0, 4, -1, 0xd9.toByte())
        assertTrue(isTruncated(start))
        assertFalse(isTruncated(start + byteArrayOf(-1, -1, 0xd9.toByte())))
    }

    @Test
    fun whateverBytesComeTheyEndSomewhere() {
        val random = java.util.Random(1)
        val starts = names.map { File(sources, it).readBytes().copyOf(40) }
        repeat(3000) { number ->
            val file = ByteArray(random.nextInt(60)).also(random::nextBytes)
            isTruncated(file)
            isTruncated(starts[number % starts.size].copyOf(3 + random.nextInt(37)) + file)
        }
        assertFalse(isTruncated(ByteArray(0)))
        assertFalse(isTruncated(File(sources, "bitmap.bmp").readBytes().copyOf(60)))
    }

    @Test
    fun aJpegThatLacksOnlyItsEndMarkerIsWhole() {
        val file = File(sources, "jpeg_orientation_6.jpg").readBytes()
        for (missing in 1..2) {
            val cut = file.copyOf(file.size - missing)
            assertTrue(isTruncated(cut))
            assertTrue(lacksOnlyItsEnd(cut, ::checksumOf), "$missing bytes are missing")
            assertContentEquals(file, ended(cut))
        }
        for (length in listOf(file.size - 12, file.size - 40, file.size / 2)) {
            assertFalse(lacksOnlyItsEnd(file.copyOf(length), ::checksumOf), "cut to $length bytes")
        }
        assertFalse(lacksOnlyItsEnd(file.copyOf(10), ::checksumOf))
        assertFalse(lacksOnlyItsEnd(file.copyOf(file.size - 2)) { null })
    }

    private fun checksumOf(file: ByteArray): Long? {
        val image = ImageIO.read(file.inputStream()) ?: return null
        val pixels = image.getRGB(0, 0, image.width, image.height, null, 0, image.width)
        return pixels.contentHashCode().toLong()
    }

    @Test
    fun jpegsAreReducedUntilTheyFit() {
        assertEquals(1, reductionOf(9459, 9459, jpeg = true))
        // 108 and 200 million pixels, as phones make them.
        assertEquals(2, reductionOf(12000, 9000, jpeg = true))
        assertEquals(2, reductionOf(16320, 12240, jpeg = true))
        assertEquals(1, reductionOf(400, 300, jpeg = false))
        // 357 913 940 pixels are four times the limit; rounded up, its half may be one row too many.
        assertEquals(4, reductionOf(357_913_940, 1, jpeg = true))
        for ((width, height) in listOf(18919 to 18919, 65535 to 65535, 0 to 5)) {
            assertFailsWith<PictureException> { reductionOf(width, height, jpeg = true) }
        }
        assertFailsWith<PictureException> { reductionOf(12000, 9000, jpeg = false) }
    }
}
