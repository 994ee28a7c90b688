package org.mobileactnet.engine

import org.mobileactnet.LocalFeatures
import org.mobileactnet.ModelException
import org.mobileactnet.PhotoVerifier
import org.mobileactnet.Place
import org.mobileactnet.Verification

/**
 * The entry points of native/actnet_jni.c for native/actnet_verification.h; the library must have been
 * loaded. The number of a closed verifier must not be used again: [NativeVerifier] sees to that.
 */
object NativeVerification {
    /** Prepares a photo's local features. */
    @JvmStatic
    external fun open(widthPx: Int, heightPx: Int, features: ByteArray): Long

    /** Inliers, and behind them x and y of the outline's four corners where there is one. */
    @JvmStatic
    external fun verify(verifier: Long, widthPx: Int, heightPx: Int, features: ByteArray): DoubleArray

    @JvmStatic
    external fun close(verifier: Long)
}

/**
 * A photo that gallery pictures are compared with by the C engine.
 *
 * Several threads may compare at once; close it when all are done.
 *
 * @throws ModelException where the engine refuses the features.
 */
class NativeVerifier(photo: LocalFeatures) : PhotoVerifier {
    private var verifier = compared { NativeVerification.open(photo.widthPx, photo.heightPx, photo.bytes) }

    override fun verify(picture: LocalFeatures): Verification {
        if (verifier == CLOSED) throw ModelException("The photo's features are closed; take the photo again")
        val values = compared {
            NativeVerification.verify(verifier, picture.widthPx, picture.heightPx, picture.bytes)
        }
        val outline = values.drop(1).chunked(2) { (x, y) -> Place(x, y) }
        return Verification(values[0].toInt(), outline.ifEmpty { null })
    }

    override fun close() {
        if (verifier != CLOSED) NativeVerification.close(verifier)
        verifier = CLOSED
    }

    private companion object {
        const val CLOSED = 0L
    }
}

private fun <T> compared(work: () -> T): T = try {
    work()
} catch (error: EngineException) {
    throw ModelException("The photo cannot be compared: ${error.message}", error)
}
