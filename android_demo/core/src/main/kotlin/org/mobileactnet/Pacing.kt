/* How often the live screen looks at a frame, so that the phone stays cool. */
package org.mobileactnet

/** How warm the phone says it is; the order is that of Android's thermal status, 0 to 6. */
enum class Heat { NONE, LIGHT, MODERATE, SEVERE, CRITICAL, EMERGENCY, SHUTDOWN }

/** The heat of Android's thermal status; numbers that are not known count as the nearest known. */
fun heatOf(thermalStatus: Int): Heat = Heat.entries[thermalStatus.coerceIn(0, Heat.entries.size - 1)]

/**
 * Decides which camera frames are looked at. One frame is in work at a time, the newest waits, and
 * the processor rests between them: a share of the time that grows with the heat.
 */
class FramePacer(private val minIntervalMs: Double = 33.0) {
    private var startedNs = 0L
    private var nextNs = Long.MIN_VALUE
    private var busy = false

    /** Whether the frame that arrives now is to be looked at; if so, [finish] must follow. */
    fun begin(nowNs: Long): Boolean {
        if (busy || nowNs < nextNs) return false
        busy = true
        startedNs = nowNs
        return true
    }

    /** The frame has been looked at, or has failed. */
    fun finish(nowNs: Long, heat: Heat) {
        busy = false
        val tookMs = (nowNs - startedNs) / NS_PER_MS
        nextNs = startedNs + (intervalMs(tookMs, heat) * NS_PER_MS).toLong()
    }

    /** Milliseconds from the start of one frame to that of the next. */
    fun intervalMs(tookMs: Double, heat: Heat): Double = when (heat) {
        Heat.NONE, Heat.LIGHT -> maxOf(minIntervalMs, tookMs)
        Heat.MODERATE -> maxOf(MODERATE_MS, 2 * tookMs)
        else -> maxOf(SEVERE_MS, 5 * tookMs)
    }

    private companion object {
        const val NS_PER_MS = 1e6
        const val MODERATE_MS = 200.0
        const val SEVERE_MS = 1000.0
    }
}

/** Whether the live screen must stop, and the sentence that says so; null where it may go on. */
fun pauseReason(heat: Heat): String? =
    if (heat < Heat.CRITICAL) null else "The phone is too hot; the camera is paused until it cools"
