/* How a gallery keeps descriptors; docs/gallery.md writes the arithmetic out. */
package org.mobileactnet

import kotlin.math.abs
import kotlin.math.sqrt

const val MAX_DIM = 65536

/** How far from 1 a descriptor's length may be. */
private const val LENGTH_TOLERANCE = 0.01
private const val LARGEST_INT8 = 127.0

/** The kind of a gallery's values, with their width in the file. */
enum class Storage(val word: String, val bytesPerValue: Int) {
    INT8("int8", 1),
    FLOAT16("float16", 2)
}

/**
 * Descriptors as a gallery keeps them, N of them with [dim] values each.
 *
 * @property bytes N * dim values one after another; float16 is little-endian.
 * @property scales (N) one over the length of each descriptor's values.
 */
class StoredDescriptors(val storage: Storage, val dim: Int, val bytes: ByteArray, val scales: DoubleArray) {
    init {
        require(bytes.size.toLong() == scales.size.toLong() * dim * storage.bytesPerValue)
    }

    val count: Int get() = scales.size

    /** The descriptor in a row, alone. */
    fun row(row: Int): StoredDescriptors {
        val length = dim * storage.bytesPerValue
        val values = bytes.copyOfRange(row * length, (row + 1) * length)
        return StoredDescriptors(storage, dim, values, doubleArrayOf(scales[row]))
    }
}

/**
 * Brings one descriptor into a storage. int8: halves go to the even number; float16: the nearest.
 *
 * @param descriptor (D) from the model, of length 1.
 * @throws GalleryException where it is not finite or not of length 1: it would be found wrongly.
 */
fun encode(descriptor: FloatArray, storage: Storage): StoredDescriptors {
    val length = sqrt(descriptor.sumOf { it.toDouble() * it.toDouble() })
    if (!(abs(length - 1) <= LENGTH_TOLERANCE)) {
        throw GalleryException(
            "The model gave a descriptor of length $length; it must be 1: " +
                "the model computes something else; run the self-test"
        )
    }
    val bytes = when (storage) {
        Storage.INT8 -> encodeInt8(descriptor)
        Storage.FLOAT16 -> encodeFloat16(descriptor)
    }
    return StoredDescriptors(storage, descriptor.size, bytes, doubleArrayOf(scaleOf(bytes, storage)))
}

/** One over the length of the values, in float64. */
internal fun scaleOf(bytes: ByteArray, storage: Storage): Double {
    var sum = 0.0
    for (place in 0 until bytes.size / storage.bytesPerValue) {
        val value = when (storage) {
            Storage.INT8 -> bytes[place].toDouble()
            Storage.FLOAT16 -> halfAt(bytes, place).toDouble()
        }
        sum += value * value
    }
    return 1.0 / sqrt(sum)
}

private fun encodeInt8(descriptor: FloatArray): ByteArray {
    val factor = LARGEST_INT8 / descriptor.maxOf { abs(it.toDouble()) }
    return ByteArray(descriptor.size) { Math.rint(descriptor[it] * factor).toInt().toByte() }
}

private fun encodeFloat16(descriptor: FloatArray): ByteArray {
    val bytes = ByteArray(2 * descriptor.size)
    descriptor.forEachIndexed { place, value ->
        val half = halfBits(value)
        bytes[2 * place] = half.toByte()
        bytes[2 * place + 1] = (half shr 8).toByte()
    }
    return bytes
}
