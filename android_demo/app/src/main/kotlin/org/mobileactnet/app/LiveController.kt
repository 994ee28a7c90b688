package org.mobileactnet.app

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.core.ActnetException
import org.mobileactnet.core.CameraFrame
import org.mobileactnet.core.FramePacer
import org.mobileactnet.core.RgbPicture
import org.mobileactnet.core.RollingSamples
import org.mobileactnet.core.Steadiness
import org.mobileactnet.core.pauseReason
import org.mobileactnet.core.rgbOf

/** The live screen: which frames are looked at, and what was seen. */
class LiveController(
    private val environment: Environment,
    private val session: () -> Session?,
    private val settings: StateFlow<Settings>
) {
    private val mutableState = MutableStateFlow<LiveState>(LiveState.Starting)
    val state: StateFlow<LiveState> = mutableState

    private val pacer = FramePacer()
    private val steadiness = Steadiness()
    private val intervalsMs = RollingSamples(FRAMES)
    private var lastNs: Long? = null

    /** What the camera saw last; null before. */
    @Volatile
    var lastPicture: RgbPicture? = null
        private set

    /** The camera starts. */
    fun starting() {
        intervalsMs.clear()
        steadiness.reset()
        lastNs = null
        mutableState.value = LiveState.Starting
    }

    /**
     * The camera may be used, and its screen is to be seen again: what stood in its way is forgotten, as
     * no camera starts without the preview that only the other states show.
     */
    fun allowed() {
        if (state.value !is LiveState.Seeing) starting()
    }

    /** Shows no match any more: its gallery has been closed. */
    fun forget() {
        if (state.value is LiveState.Seeing) mutableState.value = LiveState.Starting
    }

    fun refused(mayAsk: Boolean) {
        mutableState.value = LiveState.NoPermission(mayAsk)
    }

    /** The camera is missing, taken, or failed. */
    fun failed(sentence: String) {
        mutableState.value = LiveState.Failed(sentence)
    }

    /**
     * A frame has arrived; on the camera's thread, which waits meanwhile and then hands over the
     * newest frame.
     *
     * @param frame copies the frame; called only if it is looked at.
     */
    fun onFrame(frame: () -> CameraFrame) {
        val open = session() ?: return
        val heat = environment.heat()
        val pause = pauseReason(heat)
        if (pause != null) {
            mutableState.value = LiveState.Paused(pause)
            return
        }
        if (!pacer.begin(environment.clockNs())) return
        try {
            look(open, frame)
        } catch (error: ActnetException) {
            mutableState.value = LiveState.Failed(error.message.orEmpty())
        } finally {
            pacer.finish(environment.clockNs(), heat)
        }
    }

    private fun look(open: Session, frame: () -> CameraFrame) {
        val found = open.recognise(settings.value.top, steadiness) { rgbOf(frame()).also { lastPicture = it } }
        val now = environment.clockNs()
        lastNs?.let { intervalsMs.add((now - it) / NS_PER_MS) }
        lastNs = now
        val rate = intervalsMs.median()?.let { MS_PER_S / it }
        val before = (state.value as? LiveState.Seeing)?.matches
        // What was seen last stays while the camera moves.
        val matches = if (found.whole || before == null) found.matches else before
        mutableState.value = LiveState.Seeing(matches, found.times, rate)
    }

    private companion object {
        const val FRAMES = 30
        const val NS_PER_MS = 1e6
        const val MS_PER_S = 1000.0
    }
}
