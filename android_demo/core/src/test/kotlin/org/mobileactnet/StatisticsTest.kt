package org.mobileactnet

import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull

class StatisticsTest {
    @Test
    fun percentilesAreThoseOfNumPy() {
        val samples = doubleArrayOf(12.0, 10.0, 17.5, 11.0, 30.0)
        // numpy.percentile([12, 10, 17.5, 11, 30], (50, 90, 99))
        assertEquals(12.0, percentile(samples, 50.0))
        assertEquals(25.0, percentile(samples, 90.0), 1e-12)
        assertEquals(29.5, percentile(samples, 99.0), 1e-12)
        assertEquals(10.0, percentile(samples, 0.0))
        assertEquals(30.0, percentile(samples, 100.0))
    }

    @Test
    fun aSummaryHoldsWhatTheReportHolds() {
        val summary = summarise(doubleArrayOf(12.0, 10.0, 17.5, 11.0, 30.0))
        assertEquals(5, summary.count)
        assertEquals(16.1, summary.meanMs, 1e-12)
        assertEquals(10.0, summary.minMs)
        assertEquals(13.0 / 12.0, summary.spread, 1e-12)
    }

    @Test
    fun oneSampleIsEveryPercentile() {
        val summary = summarise(doubleArrayOf(4.0))
        assertEquals(listOf(4.0, 4.0, 4.0), listOf(summary.p50Ms, summary.p90Ms, summary.p99Ms))
    }

    @Test
    fun noSamplesAndImpossibleOnesAreErrors() {
        for (wrong in listOf(doubleArrayOf(), doubleArrayOf(0.0), doubleArrayOf(Double.NaN))) {
            assertFailsWith<IllegalArgumentException> { summarise(wrong) }
        }
    }

    @Test
    fun twoThreadsMayTouchTheSamples() {
        val rolling = RollingSamples(30)
        val clearing = AtomicBoolean(true)
        val screen = thread { while (clearing.get()) rolling.clear() }
        try {
            repeat(200_000) {
                rolling.add(it.toDouble())
                rolling.median()
            }
        } finally {
            clearing.set(false)
            screen.join()
        }
        rolling.clear()
        rolling.add(7.0)
        assertEquals(7.0, rolling.median())
    }

    @Test
    fun onlyTheLatestSamplesCount() {
        val rolling = RollingSamples(3)
        assertNull(rolling.median())
        for (value in listOf(100.0, 1.0, 2.0, 3.0)) rolling.add(value)
        assertEquals(2.0, rolling.median())
        rolling.clear()
        assertNull(rolling.median())
    }
}
