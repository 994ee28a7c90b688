package org.mobileactnet

import java.io.File
import kotlin.math.sqrt
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class DescriptorStorageTest {
    @Test
    fun halvesOfInt8GoToTheEvenNumber() {
        // The largest is 127 / 127, so that the others are whole and half steps.
        val steps = floatArrayOf(127f, 0.5f, 1.5f, -2.5f, -0.5f)
        val length = sqrt(steps.sumOf { it.toDouble() * it })
        val stored = encode(FloatArray(5) { (steps[it] / length).toFloat() }, Storage.INT8)
        assertEquals(127, stored.bytes[0].toInt())
        assertEquals(5, stored.bytes.size)
    }

    @Test
    fun goldenQueriesAreStoredToTheBit() {
        val index = jsonOf(File(golden, "gallery/index.json"))
        val queries = index.getJSONArray("queries").lists().map { it.floats() }
        for (gallery in index.getJSONArray("galleries").objects()) {
            val storage = Storage.entries.single { it.word == gallery.getString("storage") }
            val values = gallery.getJSONArray("query_values").lists().map { it.doubles() }
            val scales = gallery.getJSONArray("query_scales").doubles()
            queries.forEachIndexed { number, query ->
                val stored = encode(query, storage)
                assertContentEquals(values[number], valuesOf(stored))
                assertEquals(scales[number], stored.scales.single())
            }
        }
    }

    private fun valuesOf(stored: StoredDescriptors) = DoubleArray(stored.dim) {
        when (stored.storage) {
            Storage.INT8 -> stored.bytes[it].toDouble()
            Storage.FLOAT16 -> halfAt(stored.bytes, it).toDouble()
        }
    }

    @Test
    fun aDescriptorThatIsNotOfLengthOneIsRefused() {
        val wrong = listOf(
            floatArrayOf(0f, 0f),
            floatArrayOf(1f, 1f),
            floatArrayOf(Float.NaN, 1f),
            floatArrayOf(Float.POSITIVE_INFINITY, 0f)
        )
        for (descriptor in wrong) {
            for (storage in Storage.entries) {
                val error = assertFailsWith<GalleryException> { encode(descriptor, storage) }
                assertContains(error.message.orEmpty(), "it must be 1")
            }
        }
    }
}
