/* Exact search: every stored descriptor is compared with the query (docs/gallery.md). */
package org.mobileactnet

import kotlin.math.sqrt

/** A hit: the row of a gallery's descriptors, 0 to N-1, and its similarity, at most 1. */
data class Hit(val row: Int, val similarity: Double)

/**
 * What a search found.
 *
 * @property hits the best first.
 * @property mean of the similarities of all that was searched, with their [deviation].
 */
class Ranking(val hits: List<Hit>, private val mean: Double, private val deviation: Double) {
    /** How many deviations a similarity is above the mean; 0 where all are equally similar. */
    fun distinctness(similarity: Double): Double = if (deviation > 0) (similarity - mean) / deviation else 0.0
}

/**
 * Finds the [top] most similar descriptors, the best first; of equal ones the earlier row first.
 *
 * @param query one descriptor in the same storage, from [encode].
 */
fun search(database: StoredDescriptors, query: StoredDescriptors, top: Int): Ranking {
    require(query.storage == database.storage && query.dim == database.dim && query.count == 1)
    require(top >= 1) { "top is $top, at least 1 is allowed" }
    val best = BestHits(minOf(top, database.count))
    if (database.count == 0) return Ranking(emptyList(), 0.0, 0.0)
    var sum = 0.0
    var squares = 0.0
    for (row in 0 until database.count) {
        val similarity = similarity(database, row, query, 0)
        best.offer(row, similarity)
        sum += similarity
        squares += similarity * similarity
    }
    val mean = sum / database.count
    return Ranking(best.sorted(), mean, sqrt(maxOf(squares / database.count - mean * mean, 0.0)))
}

/** Similarity of a row of one and a row of another set of descriptors: dot * scale * scale. */
internal fun similarity(one: StoredDescriptors, row: Int, query: StoredDescriptors, queryRow: Int): Double {
    val dim = one.dim
    val dot = when (one.storage) {
        Storage.INT8 -> dotInt8(one.bytes, row * dim, query.bytes, queryRow * dim, dim).toDouble()
        Storage.FLOAT16 -> dotFloat16(one.bytes, row * dim, query.bytes, queryRow * dim, dim)
    }
    return dot * query.scales[queryRow] * one.scales[row]
}

// The plain loop is what Android's compiler turns into the processor's dot product of bytes.
private fun dotInt8(one: ByteArray, oneStart: Int, other: ByteArray, otherStart: Int, dim: Int): Int {
    var sum = 0
    for (place in 0 until dim) sum += one[oneStart + place] * other[otherStart + place]
    return sum
}

private fun dotFloat16(one: ByteArray, oneStart: Int, other: ByteArray, otherStart: Int, dim: Int): Double {
    var sum = 0.0
    for (place in 0 until dim) {
        sum += halfAt(one, oneStart + place).toDouble() * halfAt(other, otherStart + place)
    }
    return sum
}

/** The best hits so far, in order; a later row loses against an equal one. */
private class BestHits(private val capacity: Int) {
    private val rows = IntArray(capacity)
    private val similarities = DoubleArray(capacity)
    private var count = 0

    fun offer(row: Int, similarity: Double) {
        if (count == capacity && similarity <= similarities[count - 1]) return
        var place = if (count < capacity) count++ else count - 1
        while (place > 0 && similarities[place - 1] < similarity) {
            rows[place] = rows[place - 1]
            similarities[place] = similarities[place - 1]
            place--
        }
        rows[place] = row
        similarities[place] = similarity
    }

    fun sorted(): List<Hit> = List(count) { Hit(rows[it], similarities[it]) }
}
