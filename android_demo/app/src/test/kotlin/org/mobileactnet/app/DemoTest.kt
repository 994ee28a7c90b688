package org.mobileactnet.app

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.mobileactnet.DescriptorModel
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture
import org.mobileactnet.engine.LiteRtModel

class DemoTest {
    private fun FakePhone.opened(): Demo = Demo(this).also { it.open() }

    private fun refusal(prepare: FakePhone.() -> Unit): StartState.Refused = onPhone {
        prepare()
        val demo = opened()
        val state = assertIs<StartState.Refused>(demo.start.value)
        // Whatever screen is asked for, the sentence is to be seen.
        for (screen in Screen.entries) {
            assertContains(contentOf(demo, screen, english).blocks, Block.Paragraph("Details: ${state.sentence}"))
        }
        state
    }

    @Test
    fun aWholeAppOpensAndTestsItself(): Unit = onPhone {
        val demo = opened()
        val ready = assertIs<StartState.Ready>(demo.start.value)
        assertTrue(ready.selfTest.passed)
        for (screen in Screen.entries) assertTrue(contentOf(demo, screen, english).title.isNotEmpty())
        demo.close()
    }

    @Test
    fun aMissingModelIsASentence() {
        assertContains(refusal { files.remove(MODEL) }.sentence, "built without fake/fake.tflite")
        assertContains(refusal { files.remove("$MODEL.json") }.sentence, "built without fake/fake.tflite.json")
        assertContains(refusal { files.clear() }.sentence, "built without models.json")
    }

    @Test
    fun aDamagedModelIsASentence() {
        assertContains(refusal { files[MODEL] = ByteArray(3) }.sentence, "is not the file that its manifest describes")
    }

    @Test
    fun aWrongManifestIsASentence() {
        assertContains(refusal { files["$MODEL.json"] = "{".toByteArray() }.sentence, "is not a JSON object")
        assertContains(refusal { changeManifest { it.put("schema", 9) } }.sentence, "has schema 9")
        val other = refusal { changeManifest { it.getJSONObject("artefact").put("sha256", sha256Of("b")) } }
        assertContains(other.sentence, "was calibrated with")
    }

    @Test
    fun theGalleryOfAnotherModelIsASentenceAndCanBeReplaced() {
        val state = refusal { carryGallery { it.execute("UPDATE gallery SET model_sha256 = ?", "ab".repeat(32)) } }
        assertContains(state.sentence, "was made by the model golden.tflite")
        assertTrue(state.gallery)
    }

    @Test
    fun aDamagedGalleryIsReplacedWhenAskedFor(): Unit = onPhone {
        opened().use { it.gallery.add(listOf { byteArrayOf(3).inputStream() }) }
        File(folder, "models/$GALLERY").writeText("no database")
        File(folder, "models/$GALLERY-journal").writeText("of the old one")
        val demo = opened()
        assertContains(assertIs<StartState.Refused>(demo.start.value).sentence, "is not a gallery")
        assertTrue(perform(demo, Action.RestoreGallery))
        assertIs<StartState.Ready>(demo.start.value)
        assertFalse(File(folder, "models/$GALLERY-journal").exists())
        val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
        assertEquals(25, state.counts.pictures) // What was added on the phone is there again.
        assertNotNull(demo.photoOf(state.things.first().path))
    }

    @Test
    fun aMissingGalleryIsASentence() {
        assertContains(refusal { files.remove(GALLERY) }.sentence, "built without fake/gallery.sqlite")
    }

    @Test
    fun wrongThresholdsAreASentence() {
        assertContains(refusal { files.remove(THRESHOLDS) }.sentence, "built without fake/thresholds.json")
        fun refused(text: String) = refusal { files[THRESHOLDS] = text.toByteArray() }.sentence
        assertContains(refused("{"), "thresholds.json is not a JSON object; run make android-assets")
        assertContains(refused(thresholdsJson("ab")), "was calibrated with the model ab, the app has")
        assertContains(
            refused(thresholdsJson().replace("\"distinctness\",", "\"size\",")),
            "similarity or distinctness"
        )
        assertContains(
            refused(thresholdsJson().replace("\"distinctness\",", "\"similarity\",")),
            "a list with one at least"
        )
        assertContains(
            refused(thresholdsJson().replace("2.5", "\"2.5\"")),
            "thresholds.distinctness[0].least must be a number"
        )
    }

    @Test
    fun theThresholdFollowsTheSettings(): Unit = onPhone {
        val thresholds = assertIs<StartState.Ready>(opened().start.value).thresholds
        assertEquals(2.5, thresholds.at(0.05).least)
        assertEquals(2.5, thresholds.at(0.2).least)
        assertEquals(3.5, thresholds.at(0.01).least)
        assertEquals(3.5, thresholds.at(0.001).least)
    }

    @Test
    fun settingsCanBeChangedWhereTheModelFails(): Unit = onPhone {
        var works = false
        model = { if (works) FakeModel() else throw ModelException("Self-test failed") }
        val demo = opened()
        val content = contentOf(demo, Screen.SETTINGS, english)
        assertEquals("Settings", content.title)
        val threads = content.blocks.filterIsInstance<Block.Choice>().first { it.title == "Threads of the processor" }
        works = true
        perform(demo, threads.options.first { !it.chosen }.action)
        assertIs<StartState.Ready>(demo.start.value)
    }

    @Test
    fun aBuildWithoutTheRuntimeSaysSoOnTheFirstScreen(): Unit = onPhone {
        opener = { artefact, manifest, choice ->
            LiteRtModel.open(artefact, manifest, choice) { throw UnsatisfiedLinkError(NO_LIBRARY) }
        }
        val expected = screenStates.single { it.name == "LiteRT missing on Android" }.content(english)
        val demo = opened()
        for (screen in Screen.entries.filter { it != Screen.SETTINGS }) {
            assertEquals(expected, contentOf(demo, screen, english))
        }
        assertFalse(assertIs<StartState.Refused>(demo.start.value).gallery)
    }

    @Test
    fun aPageShowsWhatTheGalleryHas(): Unit = onPhone {
        val demo = opened()
        val thumbnail = assertNotNull(demo.thumbnail(3))
        assertContentEquals(thumbnail, demo.pagePicture(3)) // A gallery of version 1 has no larger ones.
        assertNull(demo.pagePicture(99_999))
    }

    @Test
    fun aStorageThatCannotBeWrittenIsASentence() {
        val state = refusal { File(folder, "models/$MODEL.part").mkdirs() } // Where the copy is to appear.
        assertContains(state.sentence, "fake.tflite cannot be unpacked")
        assertContains(state.sentence, "free some space and start again")
    }

    @Test
    fun theModelIsUnpackedAgainWhereItsFileHasChanged(): Unit = onPhone {
        opened().close()
        File(folder, "models/$MODEL").writeText("damaged on the phone")
        assertIs<StartState.Ready>(opened().start.value)
    }

    @Test
    fun whatWasAddedSurvivesTheNextStart(): Unit = onPhone {
        val demo = opened()
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        demo.close()
        val again = opened()
        assertEquals(25, assertIs<GalleryState.Open>(again.gallery.state.value).counts.pictures)
    }

    @Test
    fun photosThatWaitedWhenTheProcessDiedAreDescribedAtTheNextStart(): Unit = onPhone {
        File(folder, "waiting").mkdirs()
        File(folder, "waiting/0123").writeBytes(byteArrayOf(4))
        File(folder, "waiting/99.part").writeBytes(byteArrayOf(5))
        val state = assertIs<GalleryState.Open>(opened().gallery.state.value)
        assertEquals(25, state.counts.pictures)
        assertEquals(0, state.waiting)
    }

    @Test
    fun settingsAreKept(): Unit = onPhone {
        val demo = opened()
        val changed = Settings(falseAnswers = 0.2, threads = 4, top = 5)
        perform(demo, Action.Change(changed))
        assertEquals(changed, Demo(this).settings.value)
        assertIs<StartState.Ready>(demo.start.value) // The model was opened again for its threads.
        stored["threads"] = "many"
        stored["false_answers"] = "7"
        assertEquals(Settings(top = 5), readSettings(settings))
    }

    @Test
    fun aPictureIsShownLargeUntilBack(): Unit = onPhone {
        val demo = opened()
        perform(demo, Action.Start)
        perform(demo, Action.ShowPicture(3))
        assertEquals("p03.png", contentOf(demo, Screen.LIVE, english).title)
        assertFalse(wantsCamera(demo, Screen.LIVE))
        perform(demo, Action.Back)
        assertTrue(wantsCamera(demo, Screen.LIVE))
        perform(demo, Action.ShowPicture(99))
        assertNull(demo.picture.value)
        assertNotNull(demo.thumbnail(3))
    }

    @Test
    fun aModelThatFailsItsSelfTestIsNotUsed() {
        val state = refusal {
            File(folder, "waiting").mkdirs()
            File(folder, "waiting/0123").writeBytes(byteArrayOf(4))
            changeManifest { json ->
                val descriptor = json.getJSONObject("golden").getJSONArray("descriptor")
                for (place in 0 until DIM) descriptor.put(place, 0.25)
            }
            model = {
                object : DescriptorModel {
                    private var calls = 0

                    override fun describe(picture: RgbPicture): FloatArray {
                        check(++calls == 1) { "used in spite of its self-test" }
                        return FakeModel().describe(picture)
                    }

                    override fun close() = Unit
                }
            }
        }
        assertContains(state.sentence, "Self-test failed: cosine 0.250000")
        assertFalse(state.gallery)
    }

    @Test
    fun aModelThatFailsALaterSelfTestIsClosed(): Unit = onPhone {
        var broken = false
        var closed = false
        model = {
            object : DescriptorModel {
                override fun describe(picture: RgbPicture): FloatArray =
                    if (broken) FloatArray(DIM) { 0.25f } else FakeModel().describe(picture)

                override fun close() {
                    closed = true
                }
            }
        }
        val demo = opened()
        perform(demo, Action.RunSelfTest)
        assertIs<StartState.Ready>(demo.start.value)
        broken = true
        perform(demo, Action.RunSelfTest)
        assertContains(assertIs<StartState.Refused>(demo.start.value).sentence, "Self-test failed")
        assertTrue(closed)
        demo.gallery.add(listOf { byteArrayOf(4).inputStream() })
        assertEquals(1, File(folder, "waiting").list().orEmpty().size)
    }
}
