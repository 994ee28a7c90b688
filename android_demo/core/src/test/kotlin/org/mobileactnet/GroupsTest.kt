package org.mobileactnet

import kotlin.math.cos
import kotlin.math.sin
import kotlin.test.Test
import kotlin.test.assertEquals

class GroupsTest {
    /** Descriptors in a plane, by their angle in degrees. */
    private fun at(vararg degrees: Double): StoredDescriptors {
        val rows = degrees.map { Math.toRadians(it) }
            .map { encode(floatArrayOf(cos(it).toFloat(), sin(it).toFloat()), Storage.INT8) }
        val bytes = rows.flatMap { it.bytes.asList() }.toByteArray()
        return StoredDescriptors(Storage.INT8, 2, bytes, DoubleArray(rows.size) { rows[it].scales[0] })
    }

    @Test
    fun aHitJoinsTheFirstGroupWhoseFirstHitIsLikeIt() {
        // 20 degrees: similarity 0.94. Row 2 is like row 1, but row 1 is in the group of row 0.
        val rows = at(0.0, 15.0, 30.0, 90.0, 5.0)
        val hits = List(5) { Hit(it, 1.0 - it / 10.0) }
        val groups = groupHits(rows, hits, 0.94).map { group -> group.map { it.row } }
        assertEquals(listOf(listOf(0, 1, 4), listOf(2), listOf(3)), groups)
    }

    @Test
    fun noHitsMakeNoGroups() {
        assertEquals(emptyList(), groupHits(at(0.0), emptyList(), 0.9))
    }
}
