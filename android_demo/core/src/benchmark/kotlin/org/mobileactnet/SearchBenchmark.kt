package org.mobileactnet

import java.lang.management.ManagementFactory
import kotlin.random.Random

private const val COUNT = 100_000
private const val DIM = 256
private const val TOP = 10

/** Searches 100 000 descriptors for every line of standard input; prints the processor's milliseconds. */
fun main() {
    val bytes = Random(0).nextBytes(COUNT * DIM)
    val length = DIM * Storage.INT8.bytesPerValue
    val scales = DoubleArray(COUNT) {
        scaleOf(bytes.copyOfRange(it * length, (it + 1) * length), Storage.INT8)
    }
    val database = StoredDescriptors(Storage.INT8, DIM, bytes, scales)
    val thread = ManagementFactory.getThreadMXBean()
    while (readlnOrNull() != null) {
        val query = database.row(Random.nextInt(COUNT))
        val start = thread.currentThreadCpuTime
        val hits = search(database, query, TOP).hits
        println((thread.currentThreadCpuTime - start) / 1e6)
        check(hits.first().similarity > 0.999)
    }
}
