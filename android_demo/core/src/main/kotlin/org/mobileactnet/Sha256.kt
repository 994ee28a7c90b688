package org.mobileactnet

import java.io.InputStream
import java.security.MessageDigest

private const val BLOCK_BYTES = 1 shl 16

/** SHA-256 of all that a stream still holds, lower-case hexadecimal. */
fun sha256(stream: InputStream): String = hexadecimal(digest(stream))

/** SHA-256 of [bytes], 32 bytes. */
fun sha256Bytes(bytes: ByteArray): ByteArray = MessageDigest.getInstance("SHA-256").digest(bytes)

/** Two lower-case digits for each byte. */
fun hexadecimal(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }

private fun digest(stream: InputStream): ByteArray {
    val digest = MessageDigest.getInstance("SHA-256")
    val block = ByteArray(BLOCK_BYTES)
    while (true) {
        val count = stream.read(block)
        if (count < 0) return digest.digest()
        digest.update(block, 0, count)
    }
}
