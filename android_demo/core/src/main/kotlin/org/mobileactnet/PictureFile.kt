/* What is looked at in a picture file before a phone's decoder gets it: docs/preprocessing.md has the rules. */
package org.mobileactnet

private const val FIRST_MARKER_BYTE = 0xff
private const val END_OF_IMAGE = 0xd9
private const val LARGEST_REDUCTION = 8
private const val MAX_JPEG_PIXELS = 4 * MAX_PIXELS
private const val LAST_BYTES = 16
private const val PNG_CHUNK_BYTES = 12
private const val RIFF_HEADER_BYTES = 8

// A marker of two bytes, not followed by a length: a stuffed byte, TEM, the restarts and the start of an image.
private val STANDALONE = setOf(0x00, 0x01) + (0xd0..0xd8)

// What no picture holds after its last byte.
private val ODD_BYTES = ByteArray(192) { intArrayOf(0x5a, 0xa5, 0x3c)[it % 3].toByte() }

private val PNG_SIGNATURE = intArrayOf(0x89, 'P'.code, 'N'.code, 'G'.code, 0x0d, 0x0a, 0x1a, 0x0a)

/** Tells a JPEG by its first bytes. */
fun isJpeg(file: ByteArray): Boolean = startsWith(file, intArrayOf(0xff, 0xd8, 0xff))

/**
 * Tells whether a JPEG, PNG or WebP file ends too early; a phone's decoder fills what is missing with grey.
 *
 * A JPEG without its end marker counts: [lacksOnlyItsEnd] tells whether only the marker is missing.
 */
fun isTruncated(file: ByteArray): Boolean = when {
    isJpeg(file) -> isTruncatedJpeg(file)
    startsWith(file, PNG_SIGNATURE) -> isTruncatedPng(file)
    isWebp(file) -> littleEndian(file, 4) + RIFF_HEADER_BYTES > file.size
    else -> false
}

/** Returns a JPEG that has lost its end marker, or half of it, with the marker. */
fun ended(file: ByteArray, rest: ByteArray = ByteArray(0)): ByteArray {
    val length = file.indexOfLast { it != FIRST_MARKER_BYTE.toByte() } + 1
    return file.copyOf(length) + rest + byteArrayOf(FIRST_MARKER_BYTE.toByte(), END_OF_IMAGE.toByte())
}

/**
 * Tells whether a JPEG without its end marker lacks nothing else.
 *
 * Its pixels then do not depend on what follows its last byte, and do depend on its last bytes. [checksum] decodes a
 * file and returns a number of its pixels, or null where it cannot be decoded.
 */
fun lacksOnlyItsEnd(file: ByteArray, checksum: (ByteArray) -> Long?): Boolean {
    val length = file.indexOfLast { it != FIRST_MARKER_BYTE.toByte() } + 1 - LAST_BYTES
    val whole = if (length > 0) checksum(ended(file)) else null
    return whole != null && checksum(ended(file, ODD_BYTES)) == whole && checksum(ended(file.copyOf(length))) != whole
}

/**
 * Returns by how much a picture is reduced while it is decoded: 1, 2, 4 or 8, the first that fits.
 *
 * Throws [PictureException] for a picture that is too large even so; one that is no JPEG is not reduced.
 */
fun reductionOf(widthPx: Int, heightPx: Int, jpeg: Boolean): Int {
    val pixels = widthPx.toLong() * heightPx
    if (widthPx < 1 || heightPx < 1 || !jpeg || pixels > MAX_JPEG_PIXELS) {
        checkSize(widthPx, heightPx)
        return 1
    }
    var reduction = 1
    while (reduction < LARGEST_REDUCTION && divided(widthPx, reduction) * divided(heightPx, reduction) > MAX_PIXELS) {
        reduction *= 2
    }
    return reduction
}

/** Rounded up, as JPEG decoders do. */
private fun divided(lengthPx: Int, by: Int): Long = (lengthPx.toLong() + by - 1) / by

private fun isTruncatedJpeg(file: ByteArray): Boolean {
    var at = 2
    while (at + 1 < file.size) {
        val marker = byteAt(file, at + 1)
        at += when {
            // Data of a scan, or a byte that fills: the next marker is searched for.
            byteAt(file, at) != FIRST_MARKER_BYTE || marker == FIRST_MARKER_BYTE -> 1

            marker == END_OF_IMAGE -> return false

            marker in STANDALONE -> 2

            at + 3 < file.size -> 2 + (byteAt(file, at + 2) shl 8) + byteAt(file, at + 3)

            else -> return true
        }
    }
    return true
}

private fun isTruncatedPng(file: ByteArray): Boolean {
    var at = PNG_SIGNATURE.size.toLong()
    while (at + PNG_CHUNK_BYTES <= file.size) {
        val start = at.toInt()
        if (String(file, start + 4, 4, Charsets.ISO_8859_1) == "IEND") return false
        at += PNG_CHUNK_BYTES + bigEndian(file, start)
    }
    return true
}

private fun isWebp(file: ByteArray): Boolean = file.size >= PNG_CHUNK_BYTES &&
    String(file, 0, 4, Charsets.ISO_8859_1) == "RIFF" && String(file, 8, 4, Charsets.ISO_8859_1) == "WEBP"

private fun startsWith(file: ByteArray, bytes: IntArray): Boolean =
    file.size >= bytes.size && bytes.indices.all { byteAt(file, it) == bytes[it] }

private fun bigEndian(file: ByteArray, at: Int): Long = numberOf(file, at..at + 3)

private fun littleEndian(file: ByteArray, at: Int): Long = numberOf(file, at + 3 downTo at)

private fun numberOf(file: ByteArray, places: IntProgression): Long =
    places.fold(0L) { sum, at -> (sum shl 8) + byteAt(file, at) }

private fun byteAt(file: ByteArray, at: Int): Int = file[at].toInt() and 255
