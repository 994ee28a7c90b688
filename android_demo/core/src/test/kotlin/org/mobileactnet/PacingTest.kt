package org.mobileactnet

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

class PacingTest {
    private val ms = 1_000_000L

    @Test
    fun oneFrameAtATime() {
        val pacer = FramePacer()
        assertTrue(pacer.begin(0))
        assertFalse(pacer.begin(500 * ms))
        pacer.finish(600 * ms, Heat.NONE)
        assertTrue(pacer.begin(601 * ms))
    }

    @Test
    fun aFastModelWaitsForTheCamera() {
        val pacer = FramePacer(minIntervalMs = 33.0)
        pacer.begin(0)
        pacer.finish(5 * ms, Heat.NONE)
        assertFalse(pacer.begin(32 * ms))
        assertTrue(pacer.begin(33 * ms))
    }

    @Test
    fun aWarmPhoneRests() {
        val pacer = FramePacer()
        val intervals = Heat.entries.map { pacer.intervalMs(300.0, it) }
        assertEquals(listOf(300.0, 300.0, 600.0, 1500.0, 1500.0, 1500.0, 1500.0), intervals)
        assertEquals(200.0, pacer.intervalMs(10.0, Heat.MODERATE))
        assertEquals(1000.0, pacer.intervalMs(10.0, Heat.SEVERE))
    }

    @Test
    fun aHotPhonePauses() {
        assertNull(pauseReason(Heat.SEVERE))
        assertNotNull(pauseReason(Heat.CRITICAL))
        assertEquals(Heat.CRITICAL, heatOf(4))
        assertEquals(Heat.NONE, heatOf(-1))
        assertEquals(Heat.SHUTDOWN, heatOf(99))
    }
}
