package org.mobileactnet.engine

/**
 * What the C engine refused.
 *
 * @property code of `ActnetCode` in native/actnet_engine.h.
 */
class EngineException(val code: Int, message: String) : Exception(message)

/**
 * The entry points of native/actnet_jni.c; the library must have been loaded. The number of a closed
 * engine must not be used again: [LiteRtModel] sees to that.
 */
object NativeEngine {
    /** Loads a model; the path is UTF-8, [accelerator] as `ActnetAccelerator` of native/actnet_engine.h. */
    @JvmStatic
    external fun open(modelPath: ByteArray, threads: Int, accelerator: Int): Long

    /** Where the model really runs, as `ActnetAccelerator`. */
    @JvmStatic
    external fun accelerator(engine: Long): Int

    /** Height, width, and the length of a descriptor. */
    @JvmStatic
    external fun sizes(engine: Long): IntArray

    @JvmStatic
    external fun describe(engine: Long, pixels: ByteArray): FloatArray

    @JvmStatic
    external fun close(engine: Long)
}
