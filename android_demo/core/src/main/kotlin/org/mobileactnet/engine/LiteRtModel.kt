package org.mobileactnet.engine

import java.io.File
import org.mobileactnet.Accelerator
import org.mobileactnet.DescriptorModel
import org.mobileactnet.Manifest
import org.mobileactnet.ModelChoice
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture
import org.mobileactnet.checkArtefact

/** An artefact in LiteRT. One thread at a time, as [DescriptorModel] says. */
class LiteRtModel private constructor(private var engine: Long) : DescriptorModel {
    override val accelerator: Accelerator =
        if (NativeEngine.accelerator(engine) == GPU) Accelerator.GPU else Accelerator.CPU

    override fun describe(picture: RgbPicture): FloatArray {
        if (engine == CLOSED) throw ModelException("The model is closed; start the app again")
        return readable { NativeEngine.describe(engine, picture.bytes) }
    }

    override fun close() {
        if (engine != CLOSED) NativeEngine.close(engine)
        engine = CLOSED
    }

    companion object {
        private const val CLOSED = 0L

        // Of ActnetAccelerator in native/actnet_engine.h.
        private const val CPU = 0
        private const val GPU = 1

        /**
         * Loads an artefact after holding it against its manifest; on the processor where the GPU cannot run
         * all of it.
         *
         * @param loadLibraries loads the native libraries; may throw [UnsatisfiedLinkError].
         * @throws org.mobileactnet.ActnetException where the artefact or the manifest does not
         *   fit, or the engine refuses.
         */
        fun open(artefact: File, manifest: Manifest, choice: ModelChoice, loadLibraries: () -> Unit): LiteRtModel {
            checkArtefact(manifest, artefact)
            loaded(loadLibraries)
            val path = artefact.path.toByteArray(Charsets.UTF_8)
            val wanted = if (choice.accelerator == Accelerator.GPU) GPU else CPU
            val model = LiteRtModel(readable { NativeEngine.open(path, choice.threads, wanted) })
            try {
                checkSizes(NativeEngine.sizes(model.engine), manifest)
            } catch (error: ModelException) {
                model.close()
                throw error
            }
            return model
        }

        private fun loaded(loadLibraries: () -> Unit) = try {
            loadLibraries()
        } catch (error: UnsatisfiedLinkError) {
            throw ModelException(noLiteRt(error.message.orEmpty()), error)
        }

        private fun checkSizes(sizes: IntArray, manifest: Manifest) {
            val size = manifest.preprocessing
            val expected = intArrayOf(size.heightPx, size.widthPx, manifest.dim)
            if (!sizes.contentEquals(expected)) {
                throw ModelException(
                    "The model takes ${sizes[0]} x ${sizes[1]} pixels and gives ${sizes[2]} values, its " +
                        "manifest says ${expected.joinToString()}; export it again"
                )
            }
        }
    }
}

/** The sentence of the first screen where the app was built without the runtime. */
fun noLiteRt(reason: String): String =
    "This build of the app has no LiteRT for this processor ($reason); build it with Gradle, as its README says"

private fun <T> readable(block: () -> T): T = try {
    block()
} catch (error: EngineException) {
    throw ModelException("The model cannot be used: ${error.message}", error)
}
