package org.mobileactnet.core

import kotlin.random.Random

private const val COUNT = 100_000
private const val DIM = 256
private const val TOP = 10

/** Searches 100 000 descriptors for every line of standard input; prints the milliseconds. */
fun main() {
    val bytes = Random(0).nextBytes(COUNT * DIM)
    val length = DIM * Storage.INT8.bytesPerValue
    val scales = DoubleArray(COUNT) {
        scaleOf(bytes.copyOfRange(it * length, (it + 1) * length), Storage.INT8)
    }
    val database = StoredDescriptors(Storage.INT8, DIM, bytes, scales)
    while (readlnOrNull() != null) {
        val query = database.row(Random.nextInt(COUNT))
        val start = System.nanoTime()
        val hits = search(database, query, TOP)
        println((System.nanoTime() - start) / 1e6)
        check(hits.first().similarity > 0.999)
    }
}
