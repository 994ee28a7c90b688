package org.mobileactnet.app

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.ActnetException
import org.mobileactnet.CameraFrame
import org.mobileactnet.FramePacer
import org.mobileactnet.Recogniser
import org.mobileactnet.RgbPicture
import org.mobileactnet.RollingSamples
import org.mobileactnet.Sighting
import org.mobileactnet.pauseReason
import org.mobileactnet.rgbOf

/** The live screen: which frames are looked at, and what was seen. */
class LiveController(
    private val environment: Environment,
    private val recogniser: () -> Recogniser?,
    private val settings: StateFlow<Settings>,
    private val recognised: (Thing) -> Unit = {}
) {
    private val mutableState = MutableStateFlow<LiveState>(LiveState.Starting)
    val state: StateFlow<LiveState> = mutableState

    /** Whether the lamp is on; null where there is none. */
    val torch = MutableStateFlow<Boolean?>(null)

    private val pacer = FramePacer()

    // Guarded by this, as the screen begins anew while the camera's thread looks.
    private val intervalsMs = RollingSamples(FRAMES)
    private var lastNs: Long? = null

    @Volatile
    private var frozen = false

    /** What the camera saw last; null before. */
    @Volatile
    var lastPicture: RgbPicture? = null
        private set

    /** The camera starts. */
    fun starting() {
        begin()
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
        begin()
        if (state.value is LiveState.Seeing) mutableState.value = LiveState.Starting
    }

    fun refused(mayAsk: Boolean) {
        mutableState.value = LiveState.NoPermission(mayAsk)
    }

    /** The camera is missing, taken, or failed. */
    fun failed(sentence: String) {
        mutableState.value = LiveState.Failed(sentence)
    }

    /** Holds what is seen, or goes on. */
    fun freeze(on: Boolean) {
        frozen = on
        val seeing = state.value as? LiveState.Seeing ?: return
        mutableState.value = seeing.copy(frozen = on)
    }

    /** The camera has a lamp, which is off, or none. */
    fun torchFound(there: Boolean) {
        torch.value = if (there) false else null
    }

    /** Wants the lamp on or off; the camera follows [torch]. */
    fun torch(on: Boolean) {
        if (torch.value != null) torch.value = on
    }

    /** Someone says that it is none of the things that were asked about. */
    fun askedInVain() {
        begin()
        val seeing = state.value as? LiveState.Seeing ?: return
        mutableState.value = seeing.copy(sight = Sight.Nothing)
    }

    /**
     * A frame has arrived; on the camera's thread, which waits meanwhile and then hands over the
     * newest frame.
     *
     * @param frame copies the frame; called only if it is looked at.
     */
    fun onFrame(frame: () -> CameraFrame) {
        val open = recogniser() ?: return
        val heat = environment.heat()
        if (pauseReason(heat) != null) {
            mutableState.value = LiveState.Paused
            return
        }
        if (frozen || !pacer.begin(environment.clockNs())) return
        try {
            look(open, frame)
        } catch (error: ActnetException) {
            mutableState.value = LiveState.Failed(error.message.orEmpty())
        } finally {
            pacer.finish(environment.clockNs(), heat)
        }
    }

    private fun look(open: Recogniser, frame: () -> CameraFrame) {
        val search = open.recognition(settings.value.top, isFrame = true) {
            rgbOf(frame()).also { lastPicture = it }
        }
        val now = environment.clockNs()
        val before = (state.value as? LiveState.Seeing)?.sight as? Sight.Answered
        val sighting = open.sighting(search, now / NS_PER_MS, settings.value.falseAnswers)
        val rate = synchronized(this) {
            lastNs?.let { intervalsMs.add((now - it) / NS_PER_MS) }
            lastNs = now
            intervalsMs.median()?.let { MS_PER_S / it }
        }
        if (frozen) return
        val sight = if (search.matches.isEmpty()) Sight.Empty else sightOf(open, sighting)
        mutableState.value = LiveState.Seeing(sight, Figures(search.matches, search.times), rate)
        if (sight is Sight.Answered && sight.thing.path != before?.thing?.path) recognised(sight.thing)
    }

    /** Pictures that have gone since are left out. */
    private fun sightOf(open: Recogniser, sighting: Sighting): Sight = when (sighting) {
        Sighting.Looking -> Sight.Nothing

        is Sighting.Maybe -> Sight.Asked(sighting.candidates.mapNotNull { thing(open, it.pictureId) })

        is Sighting.Verified -> thing(open, sighting.answer.pictureId)
            ?.let { Sight.Answered(it, sighting.outline, emptyList()) } ?: Sight.Nothing
    }

    private fun thing(open: Recogniser, id: Long) = thingOf(open.gallery, id, environment.language())

    private fun begin() {
        recogniser()?.cameraStarts()
        synchronized(this) {
            intervalsMs.clear()
            lastNs = null
            frozen = false
        }
    }

    private companion object {
        const val FRAMES = 30
        const val NS_PER_MS = 1e6
        const val MS_PER_S = 1000.0
    }
}
