package org.mobileactnet.app

import java.io.Closeable
import java.io.File
import kotlinx.coroutines.flow.MutableStateFlow
import org.mobileactnet.core.ActnetException
import org.mobileactnet.core.Benchmark
import org.mobileactnet.core.DatabaseException
import org.mobileactnet.core.Gallery
import org.mobileactnet.core.GalleryException
import org.mobileactnet.core.Installer
import org.mobileactnet.core.PhotoInbox
import org.mobileactnet.core.SelfTest

/**
 * The app without its views: opens model and gallery, and holds the controllers of the screens. It
 * lives as long as the process, so that turning the phone stops nothing.
 */
class Demo(private val environment: Environment) : Closeable {
    val start = MutableStateFlow<StartState>(StartState.Opening)
    val settings = MutableStateFlow(readSettings(environment.settings))
    val picture = MutableStateFlow<PictureState?>(null)

    private val inbox = PhotoInbox(File(environment.folder, "waiting"), File(environment.folder, "photos"))

    val live = LiveController(environment, ::session, settings)
    val results = ResultsController(environment, ::session, settings)
    val gallery = GalleryController(environment, inbox, ::session)
    val benchmark = BenchmarkController(environment, ::session)

    @Volatile
    private var session: Session? = null
    private val worker = environment.worker("start")

    /**
     * Opens model and gallery, tests the model, and goes on with photos that still wait. What is being
     * measured is stopped: it would be measured of a model that is gone.
     */
    fun open() {
        benchmark.stop()
        worker.execute(::opening)
    }

    private fun opening() {
        start.value = StartState.Opening
        close()
        start.value = try {
            val files = Installer(environment.assets, environment.folder).install()
            val opened = Session.open(environment, files, settings.value.model)
            session = opened
            gallery.opened()
            ready(opened, opened.model.selfTest)
        } catch (error: GalleryException) {
            StartState.Refused(error.message.orEmpty(), gallery = true)
        } catch (error: DatabaseException) {
            StartState.Refused("The gallery cannot be opened: ${error.message}", gallery = true)
        } catch (error: ActnetException) {
            StartState.Refused(error.message.orEmpty(), gallery = false)
        }
    }

    private fun ready(opened: Session, test: SelfTest) =
        StartState.Ready(opened.manifest, test, opened.thresholds, opened.model.ran, opened.model.sentence)

    /** Puts the gallery that came with the app back, and opens it; what was added is described again. */
    fun restoreGallery() {
        worker.execute {
            close()
            try {
                inbox.waitAgain()
                Installer(environment.assets, environment.folder).restoreGallery()
            } catch (error: ActnetException) {
                start.value = StartState.Refused(error.message.orEmpty(), gallery = true)
            }
        }
        open()
    }

    /** Takes over settings; another number of threads or accelerator opens the model again. */
    fun change(changed: Settings) {
        val again = changed.model != settings.value.model
        if (changed.accelerator != settings.value.accelerator) allowGpu(environment.settings)
        writeSettings(environment.settings, changed)
        settings.value = changed
        if (again) open()
    }

    /** Tests the model again; one that fails is not used any more. */
    fun runSelfTest() = worker.execute {
        val opened = session ?: return@execute
        start.value = try {
            ready(opened, opened.test())
        } catch (error: ActnetException) {
            close()
            StartState.Refused(error.message.orEmpty(), gallery = false)
        }
    }

    /** Adds what the camera saw last to the gallery. */
    fun addFrame() {
        val seen = live.lastPicture ?: return
        gallery.add(listOf { environment.jpeg(seen, maxOf(seen.widthPx, seen.heightPx)).inputStream() })
    }

    fun measure(sustainedS: Int) = benchmark.measure(Benchmark.Plan(sustainedS = sustainedS))

    /** Shows a picture large; null shows none. */
    fun show(id: Long?) {
        picture.value = id?.let { chosen -> lookUp { it.picture(chosen) } }
            ?.let { PictureState(it, photoOf(it.path) != null) }
    }

    /** The large picture of a path in the gallery, where this phone has it. */
    fun photoOf(path: String): File? = inbox.photo(path)

    /** The small picture of the gallery; null where it has none. */
    fun thumbnail(id: Long): ByteArray? = lookUp { it.thumbnail(id) }

    /** Asks the gallery; null where it is being opened again, or damaged, as its own screen tells. */
    private fun <T> lookUp(look: (Gallery) -> T?): T? = try {
        session?.gallery?.let(look)
    } catch (error: GalleryException) {
        null
    }

    /** Closes model and gallery. */
    override fun close() {
        val opened = session
        session = null
        opened?.close()
    }
}
