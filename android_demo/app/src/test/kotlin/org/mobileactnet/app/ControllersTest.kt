package org.mobileactnet.app

import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlin.concurrent.thread
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import org.json.JSONObject
import org.mobileactnet.Benchmark
import org.mobileactnet.DescriptorModel
import org.mobileactnet.Heat
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture

class ControllersTest {
    private fun <T> withDemo(test: FakePhone.(Demo) -> T): T = onPhone {
        Demo(this).use { demo ->
            demo.open()
            test(demo)
        }
    }

    private fun second(phone: FakePhone) {
        phone.clock += 1_000_000_000
    }

    @Test
    fun framesAreRecognised(): Unit = withDemo { demo ->
        demo.live.starting()
        demo.live.onFrame { frame(3) }
        val first = assertIs<LiveState.Seeing>(demo.live.state.value)
        assertEquals(null, first.framesPerSecond)
        assertEquals(1.0, first.figures.times.inferenceMs)
        second(this)
        demo.live.onFrame { frame(3) }
        val rate = assertIs<LiveState.Seeing>(demo.live.state.value).framesPerSecond ?: 0.0
        assertTrue(rate in 0.9..1.0, "$rate")
    }

    @Test
    fun aFrameThatComesTooEarlyIsNotEvenCopied(): Unit = withDemo { demo ->
        heatNow = Heat.SEVERE
        demo.live.onFrame { frame(3) }
        demo.live.onFrame { error("copied") }
    }

    @Test
    fun aHotPhonePausesAndGoesOn(): Unit = withDemo { demo ->
        heatNow = Heat.CRITICAL
        demo.live.onFrame { error("copied") }
        assertEquals(LiveState.Paused, demo.live.state.value)
        heatNow = Heat.LIGHT
        demo.live.onFrame { frame(3) }
        assertIs<LiveState.Seeing>(demo.live.state.value)
    }

    @Test
    fun aModelThatFailsIsASentenceAndTheNextFrameIsTried(): Unit = onPhone {
        var fails = false
        model = {
            object : DescriptorModel {
                override fun describe(picture: RgbPicture): FloatArray {
                    if (fails) throw ModelException("The model cannot be used: status 3")
                    return FakeModel().describe(picture)
                }

                override fun close() = Unit
            }
        }
        val demo = Demo(this).also { it.open() }
        fails = true
        demo.live.onFrame { frame(3) }
        assertEquals(LiveState.Failed("The model cannot be used: status 3"), demo.live.state.value)
        fails = false
        second(this)
        demo.live.onFrame { frame(3) }
        assertIs<LiveState.Seeing>(demo.live.state.value)
        demo.close()
    }

    @Test
    fun whatTheCameraSeesCanBeAddedAndFound(): Unit = withDemo { demo ->
        demo.live.onFrame { frame(5) }
        perform(demo, Action.AddFrame)
        second(this)
        demo.live.onFrame { frame(5) }
        val best = assertIs<LiveState.Seeing>(demo.live.state.value).figures.matches.first()
        assertContains(best.picture.path, "added/")
        assertEquals(1.0, best.similarity, 1e-12)
    }

    @Test
    fun aPickedPhotoIsRecognised(): Unit = withDemo { demo ->
        demo.results.look { byteArrayOf(3).inputStream() }
        val results = assertIs<ResultsState.Found>(demo.results.state.value)
        assertEquals(10, results.figures.matches.size)
        assertTrue(results.figures.matches.zipWithNext().all { (one, next) -> one.similarity >= next.similarity })
        assertTrue(File(folder, "picked").exists().not())
    }

    @Test
    fun aPhotoThatCannotBeUsedIsASentence(): Unit = withDemo { demo ->
        demo.results.look { ByteArray(0).inputStream() }
        assertEquals(ResultsState.Failed("The photo cannot be decoded; choose another"), demo.results.state.value)
        demo.results.look { throw IOException("it has gone") }
        assertEquals(
            ResultsState.Failed("The photo cannot be read: it has gone; choose another"),
            demo.results.state.value
        )
    }

    @Test
    fun aBrokenPhotoAmongAddedOnesIsNamed(): Unit = withDemo { demo ->
        demo.gallery.add(listOf(byteArrayOf(1), ByteArray(0), byteArrayOf(2)).map { { it.inputStream() } })
        val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(26, state.counts.pictures)
        assertEquals("The photo cannot be decoded; choose another", state.problems.single().reason)
        assertEquals(null, state.progress)
        assertEquals(3, File(folder, "photos").list().orEmpty().size) // Another model may do better.
        perform(demo, Action.Delete(state.problems.single().path))
        val after = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(emptyList(), after.problems)
        assertEquals(26, after.counts.pictures)
        assertEquals(2, File(folder, "photos").list().orEmpty().size)
    }

    @Test
    fun aPhotoThatCannotBeReadLeavesTheOthersToGoOn(): Unit = withDemo { demo ->
        val gone = { granted<InputStream> { throw SecurityException("revoked") } }
        val full = { throw IOException("no access any more") }
        demo.gallery.add(listOf({ byteArrayOf(1).inputStream() }, gone, full, { byteArrayOf(2).inputStream() }, gone))
        val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(
            "Photo 2, 5 of 5: it cannot be read: the phone does not let the app see it any more; choose another\n" +
                "Photo 3 of 5: it cannot be read: no access any more; choose another",
            state.sentence
        )
        assertEquals(26, state.counts.pictures)
        assertEquals(0, state.waiting)
        perform(demo, Action.GoOnIndexing)
        assertEquals(null, assertIs<GalleryState.Open>(demo.gallery.state.value).sentence)
    }

    @Test
    fun photosThatArePickedBeforeTheGalleryIsOpenAreDescribedThen(): Unit = onPhone {
        val demo = Demo(this)
        demo.gallery.add(listOf({ byteArrayOf(1).inputStream() }, { throw IOException("gone") }))
        demo.gallery.add(listOf { throw IOException("gone, too") })
        demo.results.look { byteArrayOf(3).inputStream() }
        assertEquals(ResultsState.Looking, demo.results.state.value)
        demo.open()
        assertIs<ResultsState.Found>(demo.results.state.value)
        val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(25, state.counts.pictures)
        assertContains(state.sentence.orEmpty(), "Photo 2 of 2: it cannot be read: gone;")
        assertContains(state.sentence.orEmpty(), "Photo 1 of 1: it cannot be read: gone, too;")
        demo.close()
    }

    @Test
    fun whatIsNotThereAnyMoreIsNotRead() {
        assertFailsWith<IOException> { granted<InputStream> { null } }
        assertEquals(7, granted { 7 })
    }

    @Test
    fun aPhotoTooLargeForTheMemoryIsASentence(): Unit = withDemo { demo ->
        demo.results.look { byteArrayOf(3).inputStream() }
        memory = 0
        demo.results.look { byteArrayOf(3).inputStream() }
        assertContains(assertIs<ResultsState.Failed>(demo.results.state.value).sentence, "too large")
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertContains(state.problems.single().reason, "too large")
        demo.benchmark.measure(Benchmark.Plan())
        assertContains(assertIs<BenchmarkState.Failed>(demo.benchmark.state.value).sentence, "too large")
    }

    @Test
    fun aCameraThatIsAllowedAtLastStarts(): Unit = withDemo { demo ->
        demo.change(demo.settings.value.copy(welcomed = true))
        demo.live.refused(mayAsk = true)
        assertTrue(contentOf(demo, Screen.LIVE, english).blocks.none { it is Block.Preview })
        demo.live.allowed()
        assertTrue(
            contentOf(demo, Screen.LIVE, english).blocks.any {
                it is Block.Preview
            }
        ) // Whose surface the camera waits for.
        demo.live.failed("Another app is using the camera")
        demo.live.allowed()
        assertEquals(LiveState.Starting, demo.live.state.value)
        demo.live.onFrame { frame(3) }
        demo.live.allowed()
        assertIs<LiveState.Seeing>(demo.live.state.value)
    }

    @Test
    fun aDeletedPictureIsNotFoundAnyMore(): Unit = withDemo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val added = assertIs<GalleryState.Open>(demo.gallery.state.value).things.first()
        perform(demo, Action.ShowPicture(added.pictureId))
        perform(demo, Action.Delete(added.path))
        assertEquals(24, assertIs<GalleryState.Open>(demo.gallery.state.value).counts.pictures)
        demo.results.look { byteArrayOf(3).inputStream() }
        val matches = assertIs<ResultsState.Found>(demo.results.state.value).figures.matches
        assertTrue(matches.none { it.picture.id == added.pictureId })
        assertEquals(null, demo.photoOf(added.path))
    }

    private fun sight(demo: Demo) = assertIs<LiveState.Seeing>(demo.live.state.value).sight

    /** Shows the app frames, one a quarter of a second, until [untilMs] has passed; returns what was seen. */
    private fun FakePhone.watch(demo: Demo, value: Int, untilMs: Int): List<Sight> = List(untilMs / 250) {
        clock += 250_000_000
        demo.live.onFrame { frame(value) }
        sight(demo)
    }

    @Test
    fun anAnswerStaysForTwoSecondsAndIsRememberedOnce(): Unit = withDemo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val seen = watch(demo, 3, 1000)
        val thing = assertIs<Sight.Answered>(seen.first()).thing
        assertContains(thing.path, "added/")
        assertTrue(seen.all { (it as? Sight.Answered)?.thing == thing })
        assertEquals(listOf(thing.path), demo.history.value.map { it.path })
        assertEquals(1, demo.ticks.value)
        perform(demo, Action.ClearHistory)
        assertEquals(emptyList(), demo.history.value)
    }

    @Test
    fun aHeldPictureStaysAndGoesOn(): Unit = withDemo { demo ->
        watch(demo, 3, 250)
        perform(demo, Action.Freeze(true))
        val held = assertIs<LiveState.Seeing>(demo.live.state.value)
        assertTrue(held.frozen)
        clock += 1_000_000_000
        demo.live.onFrame { error("copied") }
        assertEquals(held, demo.live.state.value)
        perform(demo, Action.Freeze(false))
        watch(demo, 3, 250)
        assertFalse(assertIs<LiveState.Seeing>(demo.live.state.value).frozen)
    }

    @Test
    fun aLampIsSwitchedWhereThereIsOne(): Unit = withDemo { demo ->
        perform(demo, Action.Torch(true))
        assertEquals(null, demo.live.torch.value)
        demo.live.torchFound(true)
        perform(demo, Action.Torch(true))
        assertEquals(true, demo.live.torch.value)
    }

    @Test
    fun whatSomeonePicksIsShownAndRemembered(): Unit = withDemo { demo ->
        perform(demo, Action.Pick(3))
        assertEquals(3, demo.picture.value?.thing?.pictureId)
        perform(demo, Action.Pick(5))
        perform(demo, Action.Pick(3))
        assertEquals(listOf(3L, 5L), demo.history.value.map { it.pictureId })
        Demo(this).use { next ->
            next.open()
            assertEquals(listOf(3L, 5L), next.history.value.map { it.pictureId })
        }
    }

    @Test
    fun noneOfTheseAsksNoMore(): Unit = withDemo { demo ->
        demo.results.look { byteArrayOf(3).inputStream() }
        perform(demo, Action.NoneOfThese)
        assertEquals(Sight.Nothing, assertIs<ResultsState.Found>(demo.results.state.value).sight)
    }

    @Test
    fun aPhotoOfThePhoneHasTheNameThatItIsGiven(): Unit = withDemo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val added = assertIs<GalleryState.Open>(demo.gallery.state.value).things.first()
        perform(demo, Action.ShowPicture(added.pictureId))
        write(demo, Input.NAME, " My cup ")
        perform(demo, Action.Rename(added.path))
        assertEquals("My cup", demo.picture.value?.thing?.title)
        assertEquals("My cup", assertIs<GalleryState.Open>(demo.gallery.state.value).things.first().title)
        // The name is the phone's, whatever becomes of the gallery.
        demo.close()
        File(folder, "models/fake/added.sqlite").delete()
        demo.open()
        assertEquals("My cup", assertIs<GalleryState.Open>(demo.gallery.state.value).things.first().title)
        perform(demo, Action.Delete(added.path))
        assertEquals(0, File(folder, "photos.names").list().orEmpty().size)
    }

    @Test
    fun whatWasAddedLastCanBeTakenBack(): Unit = withDemo { demo ->
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        demo.gallery.add(listOf(4, 5).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        assertTrue(assertIs<GalleryState.Open>(demo.gallery.state.value).undoable)
        perform(demo, Action.UndoAdding)
        val after = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(25, after.counts.pictures)
        assertFalse(after.undoable)
        assertEquals(1, File(folder, "photos").list().orEmpty().size)
    }

    @Test
    fun theGalleryIsSearchedByTitleAndShownInPages(): Unit = withDemo { demo ->
        demo.gallery.add((1..60).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        val first = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(50, first.things.size)
        assertEquals(84, first.matching)
        perform(demo, Action.ShowMore)
        assertEquals(84, assertIs<GalleryState.Open>(demo.gallery.state.value).things.size)
        write(demo, Input.SEARCH, "P03")
        val gallery = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(listOf("p03.png"), gallery.things.map { it.title })
        write(demo, Input.SEARCH, "%")
        assertEquals(0, assertIs<GalleryState.Open>(demo.gallery.state.value).things.size)
    }

    @Test
    fun theBenchmarkMeasuresAndExports(): Unit = withDemo { demo ->
        demo.benchmark.measure(Benchmark.Plan(warmUpRuns = 1, runs = 3, sustainedS = 25))
        val done = assertIs<BenchmarkState.Done>(demo.benchmark.state.value)
        assertEquals(3, done.result.inferenceMs.size)
        assertEquals(4.0, done.result.summaries.getValue("total").p50Ms) // The clock moves 1 ms a look.
        assertEquals(3, done.result.windows.size)
        perform(demo, Action.Change(Settings(threads = 4))) // Not what was measured.
        demo.gallery.add(listOf { byteArrayOf(1).inputStream() })
        val report = ByteArrayOutputStream()
        demo.benchmark.export { report }
        assertEquals("The report is saved", assertIs<BenchmarkState.Done>(demo.benchmark.state.value).saved)
        File(requireNotNull(System.getProperty("report"))).writeBytes(report.toByteArray()) // Python reads it.
        val json = JSONObject(report.toString())
        assertEquals(2, json.getJSONArray("measurements").getJSONObject(0).getInt("num_threads"))
        assertEquals(24, json.getJSONArray("stages").getJSONObject(0).getInt("gallery"))
        demo.benchmark.export { throw IOException("no space") }
        val unsaved = assertIs<BenchmarkState.Done>(demo.benchmark.state.value).saved
        assertContains(unsaved.orEmpty(), "no space; choose another place")
    }

    @Test
    fun otherThreadsStopABenchmark(): Unit = onPhone {
        var changing: Thread? = null
        lateinit var demo: Demo
        model = {
            object : DescriptorModel {
                override fun describe(picture: RgbPicture): FloatArray {
                    if (demo.benchmark.state.value is BenchmarkState.Running && changing == null) {
                        changing = thread { demo.change(Settings(threads = 4)) }
                    }
                    return FakeModel().describe(picture)
                }

                override fun close() = Unit
            }
        }
        demo = Demo(this)
        demo.open()
        demo.benchmark.measure(Benchmark.Plan(sustainedS = 20_000)) // Millions of runs of this clock.
        changing?.join()
        assertEquals(BenchmarkState.Idle, demo.benchmark.state.value)
        assertIs<StartState.Ready>(demo.start.value)
        demo.close()
    }

    @Test
    fun aStoppedBenchmarkHasNoResult(): Unit = onPhone {
        lateinit var demo: Demo
        model = {
            object : DescriptorModel {
                override fun describe(picture: RgbPicture): FloatArray {
                    demo.benchmark.stop()
                    return FakeModel().describe(picture)
                }

                override fun close() = Unit
            }
        }
        demo = Demo(this)
        demo.open()
        demo.benchmark.measure(Benchmark.Plan())
        assertEquals(BenchmarkState.Idle, demo.benchmark.state.value)
        demo.close()
    }
}
