package org.mobileactnet.app

import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.mobileactnet.Accelerator
import org.mobileactnet.Benchmark
import org.mobileactnet.CarriedModel
import org.mobileactnet.DescriptorModel
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture

/** An app that was built with several models. */
class ModelSwitchTest {
    private fun FakePhone.opened(): Demo = Demo(this).also { it.open() }

    private fun <T> withTwo(test: FakePhone.(Demo) -> T): T = onPhone {
        carry("second")
        opened().use { test(it) }
    }

    /** Touches the settings' button of a model. */
    private fun choose(demo: Demo, name: String) {
        val option = modelOptions(demo).single { it.text.startsWith("$name: ") }
        assertTrue(perform(demo, option.action))
    }

    private fun modelOptions(demo: Demo): List<Option> =
        contentOf(demo, Screen.SETTINGS, english).blocks.filterIsInstance<Block.Choice>().single {
            it.title == "Model"
        }.options

    private fun used(demo: Demo): String = assertIs<StartState.Ready>(demo.start.value).manifest.name

    private fun gallery(demo: Demo) = assertIs<GalleryState.Open>(demo.gallery.state.value)

    private fun problems(demo: Demo, screen: Screen = Screen.SETTINGS) =
        contentOf(demo, screen, english).blocks.filterIsInstance<Block.Paragraph>().map { it.text }
            .filter { it.startsWith("Details: ") }.map { it.removePrefix("Details: ") }

    private fun bestMatch(demo: Demo, photo: Int): String {
        demo.results.look { byteArrayOf(photo.toByte()).inputStream() }
        val best = assertIs<ResultsState.Found>(demo.results.state.value).figures.matches.first()
        assertEquals(1.0, best.similarity, 1e-9)
        return best.picture.path
    }

    @Test
    fun settingsTellTheModelsApart(): Unit = withTwo { demo ->
        val texts = modelOptions(demo).map { it.text }
        assertEquals(2, texts.size)
        val described = Regex("fake: fp16, [0-9]+[.][0-9] MB, 64 x 64 pixels, 16 values")
        assertTrue(described.matches(texts.first()), texts.first())
        assertEquals(listOf(true, false), modelOptions(demo).map { it.chosen })
        choose(demo, "second")
        assertEquals(listOf(false, true), modelOptions(demo).map { it.chosen })
        assertEquals(emptyList(), problems(demo))
    }

    @Test
    fun oneModelIsNoChoice(): Unit = onPhone {
        opened().use { demo ->
            val titles = contentOf(demo, Screen.SETTINGS, english).blocks.filterIsInstance<Block.Choice>().map {
                it.title
            }
            assertFalse("Model" in titles)
        }
    }

    @Test
    fun theFirstIsUsedThenTheChosenOneAlsoAfterARestart() {
        withTwo { demo ->
            assertEquals("fake", used(demo))
            choose(demo, "second")
            assertEquals("second", used(demo))
            opened().use { assertEquals("second", used(it)) }
        }
    }

    @Test
    fun theScreenSaysWhichModelIsBeingOpened(): Unit = onPhone {
        carry("second")
        lateinit var demo: Demo
        val said = CopyOnWriteArrayList<String>()
        model = {
            said +=
                contentOf(demo, Screen.LIVE, english).blocks.filterIsInstance<Block.Paragraph>().map { block ->
                    block.text
                }
            FakeModel(shifts = shiftsOf(it.name))
        }
        demo = Demo(this)
        demo.open()
        demo.change(demo.settings.value.copy(modelName = "second"))
        assertEquals(
            listOf("One moment, the model fake is being opened.", "One moment, the model second is being opened."),
            said.toList()
        )
        demo.close()
    }

    @Test
    fun theOldModelIsClosedOnItsThreadBeforeTheNewOneIsOpened(): Unit = onPhone {
        carry("second")
        val told = CopyOnWriteArrayList<String>()
        model = { manifest ->
            val thread = Thread.currentThread()
            assertEquals("model", thread.name)
            told += "open ${manifest.name}"
            object : DescriptorModel by FakeModel(shifts = shiftsOf(manifest.name)) {
                override fun close() {
                    assertEquals(thread, Thread.currentThread())
                    told += "close ${manifest.name}"
                }
            }
        }
        opened().use { choose(it, "second") }
        assertEquals(listOf("open fake", "close fake", "open second", "close second"), told.toList())
    }

    @Test
    fun addedPhotosAreDescribedForTheModelThatIsChosen(): Unit = withTwo { demo ->
        demo.gallery.add(listOf(3, 5).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        val added = gallery(demo).things.take(2).map { it.path }.toSet()
        val third = bestMatch(demo, 3)
        choose(demo, "second")
        assertEquals(26, gallery(demo).counts.pictures)
        assertEquals(0, gallery(demo).waiting)
        assertEquals(added, gallery(demo).things.take(2).map { it.path }.toSet())
        assertEquals(third, bestMatch(demo, 3)) // The other model's descriptors are elsewhere.
        val text = contentOf(demo, Screen.SETTINGS, english).blocks.filterIsInstance<Block.Paragraph>().map { it.text }
        assertTrue(text.any { it.startsWith("Each model has a catalogue of its own. Photos that were added") })
        demo.gallery.add(listOf { byteArrayOf(7).inputStream() })
        choose(demo, "fake")
        assertEquals(27, gallery(demo).counts.pictures)
        assertNotNull(demo.photoOf(third))
    }

    @Test
    fun aProcessThatEndsWhileItDescribesForTheNewModelGoesOn(): Unit = withTwo { demo ->
        demo.gallery.add(listOf(3, 5, 7).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        var calls = 0
        model = { manifest ->
            object : DescriptorModel by FakeModel(shifts = shiftsOf(manifest.name)) {
                override fun describe(picture: RgbPicture): FloatArray {
                    // After the self-test and one photo.
                    if (++calls > 2) throw ModelException("The model cannot be used: status 3")
                    return FakeModel(shifts = shiftsOf(manifest.name)).describe(picture)
                }
            }
        }
        choose(demo, "second")
        assertEquals(25, gallery(demo).counts.pictures)
        assertEquals(2, gallery(demo).waiting)
        assertContains(gallery(demo).sentence.orEmpty(), "status 3")
        assertContains(contentOf(demo, Screen.GALLERY, english).blocks, Block.Paragraph("Photos that still wait: 2"))
        calls = Int.MIN_VALUE
        opened().use { assertEquals(27, gallery(it).counts.pictures) }
    }

    @Test
    fun photosThatAreBeingDescribedAreDescribedForTheModelThatIsChosenMeanwhile(): Unit = onPhone {
        carry("second")
        val threads = mutableListOf<ExecutorService>()
        workers = { Executors.newSingleThreadExecutor().also(threads::add) }
        val described = CountDownLatch(3) // The self-test and two of the photos.
        model = { manifest ->
            object : DescriptorModel by FakeModel(shifts = shiftsOf(manifest.name)) {
                override fun describe(picture: RgbPicture) =
                    FakeModel(shifts = shiftsOf(manifest.name)).describe(picture).also { described.countDown() }
            }
        }
        val demo = Demo(this)
        demo.open()
        demo.gallery.add((1..40).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        described.await()
        for (name in listOf("second", "fake")) {
            demo.change(demo.settings.value.copy(modelName = name))
            waitUntil {
                val state = demo.gallery.state.value as? GalleryState.Open
                state?.info?.modelSha256 == sha256Of(name) && state.waiting == 0 && state.progress == null
            }
            assertEquals(64, gallery(demo).counts.pictures)
            assertNull(gallery(demo).sentence)
            assertEquals(emptyList(), gallery(demo).problems)
        }
        demo.close()
        threads.forEach { it.shutdown() }
    }

    private fun waitUntil(holds: () -> Boolean) {
        repeat(6000) {
            if (holds()) return
            Thread.sleep(10)
        }
        error("it does not come to that in a minute")
    }

    @Test
    fun aPhotoThatIsDeletedUnderOneModelComesBackUnderNone(): Unit = withTwo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val path = gallery(demo).things.first().path
        choose(demo, "second")
        perform(demo, Action.Delete(path))
        assertEquals(24, gallery(demo).counts.pictures)
        choose(demo, "fake")
        assertEquals(24, gallery(demo).counts.pictures)
        assertTrue(gallery(demo).things.none { it.path == path })
        choose(demo, "second")
        assertEquals(24, gallery(demo).counts.pictures)
    }

    @Test
    fun aPhotoThatIsDeletedWhileModelsChangeGoesOutOfTheNextGallery(): Unit = withTwo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val path = gallery(demo).things.first().path
        demo.close() // As between two models.
        perform(demo, Action.Delete(path))
        demo.open()
        assertEquals(24, gallery(demo).counts.pictures)
    }

    @Test
    fun nothingOfTheOldGalleryStaysOnTheScreens(): Unit = withTwo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        bestMatch(demo, 3)
        demo.show(3)
        demo.change(demo.settings.value.copy(modelName = "second"))
        assertEquals(ResultsState.Empty, demo.results.state.value)
        assertNull(demo.picture.value)
        bestMatch(demo, 3)
        demo.change(demo.settings.value.copy(threads = 4)) // The same gallery: the matches still mean something.
        assertIs<ResultsState.Found>(demo.results.state.value)
    }

    @Test
    fun aRenamedArtefactGoesByItsNewName(): Unit = onPhone {
        carry("second")
        changeManifest("second") {
            it.put("name", "older").getJSONObject("artefact").put("file", "older.tflite")
        }
        model = { FakeModel(shifts = shiftsOf(if (it.name == "older") "second" else it.name)) }
        opened().use { demo ->
            choose(demo, "second")
            assertTrue(modelOptions(demo).any { it.text.startsWith("second: fp16") && it.chosen })
            val about = contentOf(demo, Screen.ABOUT, english).blocks.filterIsInstance<Block.Paragraph>()
            assertTrue(about.any { it.text.startsWith("second: fp16") }, about.toString())
            demo.benchmark.measure(Benchmark.Plan(warmUpRuns = 1, runs = 1))
            assertEquals("second", assertIs<BenchmarkState.Done>(demo.benchmark.state.value).model)
        }
    }

    @Test
    fun nothingOfTheOldGalleryStaysWhereTheNextModelIsRefused(): Unit = withTwo { demo ->
        files["second/second.tflite"] = ByteArray(3)
        demo.live.onFrame { frame(3) }
        assertIs<LiveState.Seeing>(demo.live.state.value)
        gallery(demo)
        choose(demo, "second")
        assertIs<StartState.Refused>(demo.start.value)
        assertEquals(LiveState.Starting, demo.live.state.value)
        assertEquals(GalleryState.Opening, demo.gallery.state.value)
    }

    private fun othersCanBeChosen(sentence: String, damage: FakePhone.() -> Unit): Unit = onPhone {
        carry("second")
        carry("third")
        damage()
        stored["model"] = "second"
        opened().use { demo ->
            assertContains(assertIs<StartState.Refused>(demo.start.value).sentence, sentence)
            val live = contentOf(demo, Screen.LIVE, english).blocks
            assertContains(live, Block.Paragraph("The settings have another model to choose."))
            for (name in listOf("third", "fake")) {
                choose(demo, name)
                assertEquals(name, used(demo))
            }
        }
    }

    @Test
    fun aModelThatIsRefusedLeavesTheOthers() {
        othersCanBeChosen("has schema 9") { changeManifest("second") { it.put("schema", 9) } }
        othersCanBeChosen("is not the file that its manifest") {
            files["second/second.tflite"] = ByteArray(3)
        }
        othersCanBeChosen("was made by the model") {
            for (name in listOf("gallery.sqlite", "gallery.sha256")) {
                files["second/$name"] = files.getValue("fake/$name")
            }
        }
        othersCanBeChosen("built without second/gallery.sqlite") { files.remove("second/gallery.sqlite") }
        othersCanBeChosen("was calibrated with") { files["second/thresholds.json"] = files.getValue(THRESHOLDS) }
    }

    @Test
    fun aModelThatCannotBeChosenIsNamedWithItsSentence(): Unit = onPhone {
        carry("second")
        files["second/second.tflite.json"] = "{".toByteArray()
        opened().use { demo ->
            assertEquals("fake", used(demo))
            assertEquals(1, modelOptions(demo).size)
            assertIs<CarriedModel.Refused>(demo.models.value.carried.last())
            assertContains(problems(demo).single(), "second.tflite.json is not a JSON object")
        }
    }

    @Test
    fun aChosenModelThatALaterBuildHasNotFallsBackWithASentence(): Unit = withTwo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        choose(demo, "second")
        demo.close()
        listModels(listOf(NAME))
        val later = opened()
        assertEquals("fake", used(later))
        val sentence = "The model second is not in this build of the app any more; fake is used."
        assertEquals(listOf(sentence), problems(later))
        assertFalse(File(folder, "models/second").exists())
        assertEquals(25, gallery(later).counts.pictures) // What was added on the phone is still there.
        choose(later, "fake") // Seen.
        assertEquals(emptyList(), problems(later))
        later.close()
    }

    @Test
    fun theOtherModelsGalleryIsPutBackAlone(): Unit = withTwo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        choose(demo, "second")
        demo.close()
        File(folder, "models/second/gallery.sqlite").writeText("no database")
        val again = opened()
        assertTrue(assertIs<StartState.Refused>(again.start.value).gallery)
        val other = File(folder, "models/$GALLERY").readBytes()
        perform(again, Action.RestoreGallery)
        assertEquals("second", used(again))
        assertEquals(25, gallery(again).counts.pictures)
        assertTrue(other.contentEquals(File(folder, "models/$GALLERY").readBytes()))
        again.close()
    }

    @Test
    fun aGpuThatEndedTheAppWithOneModelIsTriedWithAnother(): Unit = onPhone {
        carry("second")
        var settingsBefore = emptyMap<String, String>()
        model = {
            settingsBefore = stored.toMap() // As a process that ends here leaves it.
            FakeModel(wanted.accelerator, shiftsOf(it.name))
        }
        writeSettings(settings, Settings(accelerator = Accelerator.GPU))
        opened().close()
        stored += settingsBefore
        opened().use { demo ->
            assertContains(problems(demo).single(), "The app ended while the model was opened on the GPU")
            choose(demo, "second")
            assertEquals(Accelerator.GPU, assertIs<StartState.Ready>(demo.start.value).ran.accelerator)
            choose(demo, "fake")
            assertEquals(Accelerator.CPU, assertIs<StartState.Ready>(demo.start.value).ran.accelerator)
        }
    }
}
