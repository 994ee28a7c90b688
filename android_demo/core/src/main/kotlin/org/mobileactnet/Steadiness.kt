package org.mobileactnet

/**
 * Tells whether the camera stands still, by the descriptors of whole frames: only then a frame is worth the views and
 * the verification, which take about ten times as long. Any thread may call it: the model's takes frames in while the
 * screen begins anew.
 *
 * @param least similarity of two frames between which the camera stood still.
 */
class Steadiness(private val least: Double = STEADY) {
    private var last: FloatArray? = null

    /** Takes the descriptor of the next frame in; true where it is like that of the frame before. */
    @Synchronized
    fun take(descriptor: FloatArray): Boolean {
        val before = last
        last = descriptor
        return before != null && cosine(before, descriptor) >= least
    }

    /** Begins anew, as when the camera starts. */
    @Synchronized
    fun reset() {
        last = null
    }

    companion object {
        const val STEADY = 0.8
    }
}
