package org.mobileactnet

import kotlin.random.Random
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class SearchTest {
    private val dim = 32

    private fun randomRows(count: Int, storage: Storage): StoredDescriptors {
        val random = Random(5)
        val rows = List(count) {
            val values = FloatArray(dim) { random.nextFloat() - 0.5f }
            val length = kotlin.math.sqrt(values.sumOf { it.toDouble() * it })
            encode(FloatArray(dim) { (values[it] / length).toFloat() }, storage)
        }
        val bytes = rows.flatMap { it.bytes.asList() }.toByteArray()
        return StoredDescriptors(storage, dim, bytes, DoubleArray(count) { rows[it].scales.single() })
    }

    @Test
    fun theBestHitsAreThoseOfSortingEverything() {
        for (storage in Storage.entries) {
            val rows = randomRows(500, storage)
            val query = rows.row(77)
            val all = List(rows.count) { Hit(it, similarity(rows, it, query, 0)) }
                .sortedWith(compareBy({ -it.similarity }, { it.row }))
            for (top in listOf(1, 10, 499, 500)) assertEquals(all.take(top), search(rows, query, top).hits)
            assertEquals(77, search(rows, query, 1).hits.single().row)
            assertEquals(500, search(rows, query, 10_000).hits.size)
        }
    }

    @Test
    fun equalSimilaritiesKeepTheOrderOfRows() {
        val one = randomRows(1, Storage.INT8)
        val same = StoredDescriptors(
            Storage.INT8,
            dim,
            ByteArray(5 * dim) { one.bytes[it % dim] },
            DoubleArray(5) { one.scales[0] }
        )
        assertEquals(listOf(0, 1, 2), search(same, one, 3).hits.map { it.row })
    }

    @Test
    fun anEmptyGalleryHasNoHits() {
        val none = StoredDescriptors(Storage.INT8, dim, ByteArray(0), DoubleArray(0))
        assertEquals(emptyList(), search(none, randomRows(1, Storage.INT8), 5).hits)
    }

    @Test
    fun theLargestSumFitsItsWholeNumber() {
        val full = ByteArray(MAX_DIM) { 127 }
        val stored = StoredDescriptors(Storage.INT8, MAX_DIM, full, doubleArrayOf(scaleOf(full, Storage.INT8)))
        assertEquals(1.0, search(stored, stored, 1).hits.single().similarity, 1e-12)
    }

    @Test
    fun aQueryOfAnotherKindIsAnError() {
        val rows = randomRows(3, Storage.INT8)
        assertFailsWith<IllegalArgumentException> { search(rows, randomRows(1, Storage.FLOAT16), 1) }
        assertFailsWith<IllegalArgumentException> { search(rows, rows.row(0), 0) }
    }
}
