package org.mobileactnet

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

class HalfFloatTest {
    private fun float(half: Int) = halfAt(byteArrayOf(half.toByte(), (half shr 8).toByte()), 0)

    @Test
    fun everyHalfSurvivesAFloat() {
        for (half in 0..0xffff) {
            val float = float(half)
            val bits = halfBits(float)
            if (float.isNaN()) assertTrue(bits and 0x7fff > 0x7c00) else assertEquals(half, bits)
        }
    }

    @Test
    fun valuesFromTheStandard() {
        // Wikipedia's list of half-precision examples.
        assertEquals(1f, float(0x3c00))
        assertEquals(65504f, float(0x7bff))
        assertEquals(6.1035156e-5f, float(0x0400))
        assertEquals(5.9604645e-8f, float(0x0001))
        assertEquals(0.33325195f, float(0x3555))
        assertEquals(-2f, float(0xc000))
    }

    @Test
    fun theMiddleBetweenTwoHalvesGoesToTheEvenOne() {
        for (half in 0 until 0x7bff) {
            val middle = ((float(half).toDouble() + float(half + 1)) / 2).toFloat()
            assertEquals(half + (half and 1), halfBits(middle))
        }
        assertEquals(0x7c00, halfBits(65520f))
        assertEquals(0x7bff, halfBits(65519.996f))
    }
}
