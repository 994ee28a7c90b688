package org.mobileactnet.app

import java.io.Closeable
import java.io.File
import kotlinx.coroutines.flow.MutableStateFlow
import org.mobileactnet.ActnetException
import org.mobileactnet.Benchmark
import org.mobileactnet.CarriedModel
import org.mobileactnet.DatabaseException
import org.mobileactnet.GalleryException
import org.mobileactnet.GalleryPair
import org.mobileactnet.Installer
import org.mobileactnet.ManifestException
import org.mobileactnet.ModelCatalogue
import org.mobileactnet.PhotoInbox
import org.mobileactnet.Recogniser
import org.mobileactnet.SelfTest
import org.mobileactnet.allowGpu
import org.mobileactnet.chosenModel

/**
 * The app without its views: opens model and gallery, and holds the controllers of the screens. It
 * lives as long as the process, so that turning the phone stops nothing.
 */
class Demo(private val environment: Environment) : Closeable {
    val start = MutableStateFlow<StartState>(StartState.Opening())
    val models = MutableStateFlow(ModelsState(emptyList(), used = null, sentence = null))
    val settings = MutableStateFlow(readSettings(environment.settings))
    val picture = MutableStateFlow<PictureState?>(null)

    private val catalogue = ModelCatalogue(environment.assets)
    private val installer = Installer(environment.assets, environment.folder)
    private val inbox = PhotoInbox(File(environment.folder, "waiting"), File(environment.folder, "photos"))

    /** What was recognised or picked, the newest first. */
    val history = MutableStateFlow<List<Thing>>(emptyList())

    /** Grows with each thing that is recognised; the screen ticks. */
    val ticks = MutableStateFlow(0)

    private val seen = History(File(environment.folder, "history"))
    private val historyWorker = environment.worker("history")

    val live = LiveController(environment, ::recogniser, settings, ::recognised)
    val results = ResultsController(environment, ::recogniser, settings, ::recognised)
    val gallery = GalleryController(environment, inbox, ::recogniser)
    val benchmark = BenchmarkController(environment, ::recogniser)

    @Volatile
    private var recogniser: Recogniser? = null
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
        start.value = StartState.Opening()
        close()
        start.value = try {
            val model = usable(choose())
            start.value = StartState.Opening(model.name)
            val opened = Recogniser.open(environment, installer.install(model), settings.value.run)
            recogniser = opened
            gallery.opened()
            results.opened()
            readHistory()
            ready(opened, opened.model.selfTest)
        } catch (error: GalleryException) {
            StartState.Refused(error.message.orEmpty(), gallery = true)
        } catch (error: DatabaseException) {
            StartState.Refused("The gallery cannot be opened: ${error.message}", gallery = true)
        } catch (error: ActnetException) {
            StartState.Refused(error.message.orEmpty(), gallery = false)
        }
    }

    /** Finds the model that the settings want; nothing of another one stays on the screens. */
    private fun choose(): CarriedModel {
        val carried = catalogue.models()
        installer.removeOthers(carried)
        val chosen = chosenModel(carried, settings.value.modelName)
        if (chosen.model.name != models.value.used) forget()
        models.value = ModelsState(carried, chosen.model.name, chosen.sentence)
        return chosen.model
    }

    private fun usable(model: CarriedModel): CarriedModel.Usable = when (model) {
        is CarriedModel.Usable -> model
        is CarriedModel.Refused -> throw ManifestException(model.sentence)
    }

    /** Matches and pictures of a gallery that has been closed mean nothing in the next. */
    private fun forget() {
        picture.value = null
        live.forget()
        results.forget()
        gallery.closed()
    }

    private fun ready(opened: Recogniser, test: SelfTest) =
        StartState.Ready(opened.manifest, test, opened.thresholds, opened.model.ran, opened.model.sentence)

    /** Puts the gallery that came with the model back, and opens it; what was added is described again. */
    fun restoreGallery() {
        worker.execute {
            close()
            forget()
            try {
                installer.forgetGalleries(choose())
            } catch (error: ActnetException) {
                start.value = StartState.Refused(error.message.orEmpty(), gallery = true)
            }
        }
        open()
    }

    /** Takes over settings; another model is opened, and the same again for other threads or another accelerator. */
    fun change(changed: Settings) {
        val before = settings.value
        val again = changed.run != before.run || changed.modelName != before.modelName
        val used = models.value.used
        if (changed.accelerator != before.accelerator && used != null) allowGpu(environment.settings, used)
        writeSettings(environment.settings, changed)
        settings.value = changed
        if (again) open()
    }

    /** Tests the model again; one that fails is not used any more. */
    fun runSelfTest() = worker.execute {
        val opened = recogniser ?: return@execute
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

    /** Shows the page of a picture; null shows none. */
    fun show(id: Long?) {
        val shown = id?.let { chosen -> lookUp { it.picture(chosen) } }
        val thing = shown?.let { lookUp { gallery -> thingOf(gallery, it, environment.language()) } }
        picture.value = if (thing == null) null else PictureState(thing, shown, photoOf(shown.path) != null)
    }

    /** Someone says that it is this picture: its page is shown, and it is remembered. */
    fun pick(id: Long) {
        show(id)
        picture.value?.let { recognised(it.thing) }
    }

    fun noneOfThese() {
        live.askedInVain()
        results.askedInVain()
    }

    /** Takes a photo of this phone out of all galleries, and its page from the screen. */
    fun delete(path: String) {
        gallery.delete(path)
        show(null)
    }

    /** Takes in the name that is being written. */
    fun write(name: String) {
        picture.value = picture.value?.copy(name = name)
    }

    /** Gives the photo that is shown the name that was written. */
    fun rename(path: String) {
        val shown = picture.value ?: return
        gallery.rename(path, shown.name) { show(shown.thing.pictureId) }
    }

    fun clearHistory() = historyWorker.execute {
        seen.clear()
        history.value = emptyList()
    }

    private fun recognised(thing: Thing) {
        ticks.value++
        historyWorker.execute {
            seen.add(thing.path, environment.now())
            readHistory()
        }
    }

    /** Things that the gallery has no more are left out, and stay in the file: an update may bring them back. */
    private fun readHistory() {
        history.value = seen.paths().mapNotNull { path ->
            lookUp { gallery -> gallery.idOf(path)?.let(gallery::picture) }
                ?.let { lookUp { gallery -> thingOf(gallery, it, environment.language()) } }
        }
    }

    /** The large picture of a path in the gallery, where this phone has it. */
    fun photoOf(path: String): File? = inbox.photo(path)

    /** The small picture of the gallery; null where it has none. */
    fun thumbnail(id: Long): ByteArray? = lookUp { it.thumbnail(id) }

    /** The gallery's picture for a page, or else the small one; null where it has neither. */
    fun pagePicture(id: Long): ByteArray? = lookUp { it.pagePicture(id) ?: it.thumbnail(id) }

    /** Asks the gallery; null where it is being opened again, or damaged, as its own screen tells. */
    private fun <T> lookUp(look: (GalleryPair) -> T?): T? = try {
        recogniser?.gallery?.let(look)
    } catch (error: GalleryException) {
        null
    }

    /** Closes model and gallery. */
    override fun close() {
        val opened = recogniser
        recogniser = null
        opened?.close()
    }
}
