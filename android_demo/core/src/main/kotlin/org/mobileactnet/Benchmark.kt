package org.mobileactnet

/**
 * Measures a phone: the whole way and the model alone, then the model for minutes without pause.
 *
 * @param decode decodes a photo that is the same every time.
 * @param clockNs monotonic nanoseconds.
 */
class Benchmark(
    private val matching: PhotoMatching,
    private val model: DescriptorModel,
    private val size: Preprocessing,
    private val decode: () -> RgbPicture,
    private val clockNs: () -> Long
) {
    /** How much is measured. */
    data class Plan(val warmUpRuns: Int = 5, val runs: Int = 50, val sustainedS: Int = 0)

    /**
     * Runs it; on the model's thread.
     *
     * @param goOn asked before each run; false ends the benchmark without a result.
     * @param progress told the share that is done, 0 to 1.
     */
    fun run(plan: Plan, goOn: () -> Boolean, progress: (Double) -> Unit): BenchmarkResult? {
        val picture = goldenPicture(size)
        val stages = mutableListOf<StageTimes>()
        val alone = mutableListOf<Double>()
        for (run in -plan.warmUpRuns until plan.runs) {
            if (!goOn()) return null
            val times = matching.recognise(TOP, decode = decode).times
            val aloneMs = timedMs(picture)
            if (run >= 0) {
                stages += times
                alone += aloneMs
                progress((run + 1) / plan.runs.toDouble())
            }
        }
        val windows = sustained(plan.sustainedS, picture, goOn, progress) ?: return null
        return BenchmarkResult(alone.toDoubleArray(), stages, windows)
    }

    private fun sustained(
        seconds: Int,
        picture: RgbPicture,
        goOn: () -> Boolean,
        progress: (Double) -> Unit
    ): List<Window>? {
        val start = clockNs()
        val windows = mutableListOf<Window>()
        val samples = mutableListOf<Double>()
        var windowStart = 0.0
        while (true) {
            if (!goOn()) return null
            val now = (clockNs() - start) / NS_PER_S
            if (now - windowStart >= WINDOW_S || now >= seconds) {
                if (samples.isNotEmpty()) windows += window((windowStart + now) / 2, samples)
                samples.clear()
                windowStart = now
                if (now >= seconds) return windows
                progress(now / seconds)
            }
            samples += timedMs(picture)
        }
    }

    private fun window(atS: Double, samples: List<Double>): Window {
        val values = samples.toDoubleArray()
        return Window(atS, percentile(values, 50.0), percentile(values, 90.0), values.size)
    }

    private fun timedMs(picture: RgbPicture): Double {
        val start = clockNs()
        model.describe(picture)
        return (clockNs() - start) / 1e6
    }

    private companion object {
        const val TOP = 10
        const val WINDOW_S = 10.0
        const val NS_PER_S = 1e9
    }
}
