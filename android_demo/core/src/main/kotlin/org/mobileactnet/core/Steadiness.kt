package org.mobileactnet.core

/**
 * Tells whether the camera stands still, by the descriptors of whole frames: only then a frame is worth the views and
 * the verification, which take about ten times as long.
 *
 * @param least similarity of two frames between which the camera stood still.
 */
class Steadiness(private val least: Double = STEADY) {
    private var last: FloatArray? = null

    /** Takes the descriptor of the next frame in; true where it is like that of the frame before. */
    fun take(descriptor: FloatArray): Boolean {
        val before = last
        last = descriptor
        return before != null && cosine(before, descriptor) >= least
    }

    /** Begins anew, as when the camera starts. */
    fun reset() {
        last = null
    }

    companion object {
        const val STEADY = 0.8
    }
}
