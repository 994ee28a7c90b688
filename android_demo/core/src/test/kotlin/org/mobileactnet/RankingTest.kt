package org.mobileactnet

import kotlin.math.sqrt
import kotlin.test.Test
import kotlin.test.assertEquals

class RankingTest {
    /** Descriptors of one value: of the same sign they are alike, of another they are opposite. */
    private fun descriptors(vararg signs: Int) = StoredDescriptors(
        Storage.INT8,
        1,
        ByteArray(signs.size) { (127 * signs[it]).toByte() },
        DoubleArray(signs.size) { 1 / 127.0 }
    )

    private fun distinctness(vararg signs: Int): Double =
        search(descriptors(*signs), descriptors(1), 1).let { it.distinctness(it.hits.first().similarity) }

    @Test
    fun distinctnessCountsDeviationsAboveTheMean() {
        assertEquals(1 / sqrt(2.0), distinctness(1, -1, 1), 1e-12) // Mean 1/3, deviation sqrt(8)/3.
        assertEquals(3.0, distinctness(1, *IntArray(9) { -1 }), 1e-12)
    }

    @Test
    fun nothingStandsOutWhereAllIsTheSame() {
        assertEquals(0.0, distinctness(1))
        assertEquals(0.0, distinctness(1, 1, 1))
    }
}
