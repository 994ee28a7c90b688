package org.mobileactnet

import kotlin.math.abs
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class YuvTest {
    /** A frame of one colour, planes with padding and interleaving as phones have them. */
    private fun frame(y: Int, u: Int, v: Int, orientation: Int = 1) = CameraFrame(
        3,
        2,
        YuvPlane(ByteArray(2 * 8) { y.toByte() }, 8, 1),
        YuvPlane(ByteArray(8) { u.toByte() }, 8, 2),
        YuvPlane(ByteArray(8) { v.toByte() }, 8, 2),
        orientation
    )

    private fun colour(y: Int, u: Int, v: Int) = rgbOf(frame(y, u, v)).bytes.take(3).map { it.toInt() and 255 }

    @Test
    fun coloursAreThoseOfJpeg() {
        // Y, Cb, Cr of pure colours by JFIF 1.02.
        val known = mapOf(
            listOf(76, 85, 255) to listOf(255, 0, 0),
            listOf(150, 44, 21) to listOf(0, 255, 0),
            listOf(29, 255, 107) to listOf(0, 0, 255),
            listOf(128, 128, 128) to listOf(128, 128, 128),
            listOf(0, 128, 128) to listOf(0, 0, 0),
            listOf(255, 128, 128) to listOf(255, 255, 255)
        )
        for ((yuv, rgb) in known) {
            val converted = colour(yuv[0], yuv[1], yuv[2])
            assertTrue(converted.zip(rgb).all { (one, other) -> abs(one - other) <= 1 }, "$yuv: $converted, not $rgb")
        }
    }

    @Test
    fun eachPixelTakesItsOwnValues() {
        val luminance = YuvPlane(byteArrayOf(10, 20, 0, 30, 40, 0), 3, 1)
        val none = YuvPlane(byteArrayOf(-128), 1, 1)
        val picture = rgbOf(CameraFrame(2, 2, luminance, none, none, 1))
        assertContentEquals(byteArrayOf(10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40), picture.bytes)
    }

    @Test
    fun aFrameIsTurnedUpright() {
        assertEquals(2 to 3, rgbOf(frame(9, 128, 128, orientationOf(90))).let { it.widthPx to it.heightPx })
        assertEquals(listOf(1, 6, 3, 8, 6, 8), listOf(0, 90, 180, 270, 450, -90).map(::orientationOf))
    }
}
