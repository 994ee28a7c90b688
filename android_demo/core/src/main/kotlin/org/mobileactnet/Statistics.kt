/* Statistics of latencies, the same as the benchmark's on computers. */
package org.mobileactnet

import kotlin.math.floor

/**
 * What samples say, milliseconds.
 *
 * @property spread (p90 - p50) / p50; a quiet machine stays below 0.1.
 */
data class Summary(
    val count: Int,
    val p50Ms: Double,
    val p90Ms: Double,
    val p99Ms: Double,
    val meanMs: Double,
    val minMs: Double,
    val spread: Double
)

/** Summarises latencies, at least one, all of them positive. */
fun summarise(samplesMs: DoubleArray): Summary {
    require(samplesMs.isNotEmpty() && samplesMs.all { it > 0 && it.isFinite() })
    val p50 = percentile(samplesMs, 50.0)
    val p90 = percentile(samplesMs, 90.0)
    return Summary(
        samplesMs.size,
        p50,
        p90,
        percentile(samplesMs, 99.0),
        samplesMs.average(),
        samplesMs.min(),
        (p90 - p50) / p50
    )
}

/** A percentile, linear between samples, as NumPy's default. */
fun percentile(samples: DoubleArray, percent: Double): Double {
    require(samples.isNotEmpty() && percent in 0.0..100.0)
    val sorted = samples.sortedArray()
    val place = percent / 100 * (sorted.size - 1)
    val below = floor(place).toInt()
    val above = minOf(below + 1, sorted.size - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}

/** The latest samples of something that goes on, for a figure on the screen; any thread may add, clear and ask. */
class RollingSamples(private val capacity: Int) {
    private val samples = ArrayDeque<Double>()

    @Synchronized
    fun add(value: Double) {
        if (samples.size == capacity) samples.removeFirst()
        samples.addLast(value)
    }

    @Synchronized
    fun clear() = samples.clear()

    /** The median of the latest samples; null before the first. */
    @Synchronized
    fun median(): Double? = samples.takeIf { it.isNotEmpty() }
        ?.let { percentile(it.toDoubleArray(), 50.0) }
}
