/* IEEE 754 half precision, which neither the JVM of Java 17 nor Android 8 converts in one call. */
package org.mobileactnet

/** All halves as floats, by their bits: scans look them up. */
private val FLOATS = FloatArray(1 shl 16) { floatOf(it) }

/** The half in place [place] of little-endian bytes, as a float. */
internal fun halfAt(bytes: ByteArray, place: Int): Float =
    FLOATS[(bytes[2 * place].toInt() and 255) or ((bytes[2 * place + 1].toInt() and 255) shl 8)]

/** The bits of the half nearest to a float, ties to even; beyond 65504 it is infinity. */
internal fun halfBits(value: Float): Int {
    val bits = value.toRawBits()
    val sign = (bits ushr 16) and 0x8000
    val magnitude = bits and 0x7fffffff
    return sign or when {
        magnitude > 0x7f800000 -> 0x7e00

        // not a number
        magnitude >= 0x47800000 -> 0x7c00

        // 65536 and more
        magnitude >= 0x38800000 -> normalHalf(magnitude)

        magnitude < 0x33000000 -> 0

        // below half of the smallest half
        else -> subnormalHalf(magnitude)
    }
}

private fun normalHalf(magnitude: Int): Int {
    val rebiased = magnitude - ((127 - 15) shl 23)
    return roundToEven(rebiased, 13)
}

private fun subnormalHalf(magnitude: Int): Int {
    val exponent = magnitude ushr 23
    val significand = (magnitude and 0x7fffff) or 0x800000
    return roundToEven(significand, 126 - exponent)
}

private fun roundToEven(value: Int, dropped: Int): Int {
    val kept = value ushr dropped
    val rest = value and ((1 shl dropped) - 1)
    val half = 1 shl (dropped - 1)
    return if (rest > half || (rest == half && kept and 1 == 1)) kept + 1 else kept
}

private fun floatOf(half: Int): Float {
    val exponent = (half ushr 10) and 31
    val fraction = half and 1023
    val magnitude = when (exponent) {
        0 -> fraction * (1f / (1 shl 24))
        31 -> if (fraction == 0) Float.POSITIVE_INFINITY else Float.NaN
        else -> Float.fromBits(((exponent + 112) shl 23) or (fraction shl 13))
    }
    return if (half and 0x8000 == 0) magnitude else -magnitude
}
