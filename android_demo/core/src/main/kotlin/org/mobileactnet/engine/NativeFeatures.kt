package org.mobileactnet.engine

import org.mobileactnet.Extraction
import org.mobileactnet.FeatureEngine
import org.mobileactnet.LocalFeatures
import org.mobileactnet.ModelException
import org.mobileactnet.PhotoVerifier
import org.mobileactnet.RgbPicture

/**
 * The entry points of native/actnet_jni.c for native/actnet_extraction.h; the library must have been loaded. The
 * number of a closed projection must not be used again: [NativeFeatures] sees to that.
 */
object NativeExtraction {
    /** Reads the learned projection, the bytes of local_codes.safetensors. */
    @JvmStatic
    external fun open(codes: ByteArray): Long

    /** Features of a picture, as a gallery stores them; [reduced] gets width and height of the reduced picture. */
    @JvmStatic
    external fun extract(
        codes: Long,
        widthPx: Int,
        heightPx: Int,
        rgb: ByteArray,
        sidePx: Int,
        count: Int,
        reduced: IntArray
    ): ByteArray

    @JvmStatic
    external fun close(codes: Long)
}

/**
 * Local features by the C engine.
 *
 * @param codes the bytes of local_codes.safetensors, which the app ships.
 * @throws ModelException where they are no codes.
 */
class NativeFeatures(codes: ByteArray) : FeatureEngine {
    private var codes = taken { NativeExtraction.open(codes) }

    override fun extract(picture: RgbPicture, extraction: Extraction): LocalFeatures {
        if (codes == CLOSED) throw ModelException("The local features are closed; start the app again")
        val reduced = IntArray(2)
        val features = taken {
            NativeExtraction.extract(
                codes,
                picture.widthPx,
                picture.heightPx,
                picture.bytes,
                extraction.sidePx,
                extraction.count,
                reduced
            )
        }
        return LocalFeatures(reduced[0], reduced[1], features)
    }

    override fun verifier(photo: LocalFeatures): PhotoVerifier = NativeVerifier(photo)

    override fun close() {
        if (codes != CLOSED) NativeExtraction.close(codes)
        codes = CLOSED
    }

    private companion object {
        const val CLOSED = 0L
    }
}

private fun <T> taken(work: () -> T): T = try {
    work()
} catch (error: EngineException) {
    throw ModelException("Local features cannot be extracted: ${error.message}", error)
}
