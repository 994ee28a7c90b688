package org.mobileactnet.app

import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.mobileactnet.core.Accelerator
import org.mobileactnet.core.AnswerThreshold
import org.mobileactnet.core.AnswerThresholds
import org.mobileactnet.core.GalleryCounts
import org.mobileactnet.core.GalleryInfo
import org.mobileactnet.core.IndexProgress
import org.mobileactnet.core.Match
import org.mobileactnet.core.Measure
import org.mobileactnet.core.ModelChoice
import org.mobileactnet.core.Picture
import org.mobileactnet.core.Preprocessing
import org.mobileactnet.core.Problem
import org.mobileactnet.core.SelfTest
import org.mobileactnet.core.StageTimes
import org.mobileactnet.core.Storage
import org.mobileactnet.core.exportedManifest
import org.mobileactnet.core.readManifest

class ScreensTest {
    private val times = StageTimes(12.3, 1.26, 30.0, 0.5)
    private val cover = Match(Picture(7, "covers/a.jpg", "Moby Dick", 300, 400), 0.8123, 6.2, 2)
    private val door = Match(Picture(8, "doors/b.jpg", null, 300, 400), 0.41, 2.5, 0)
    private val threshold = similarity(0.5)

    private fun similarity(least: Double) = AnswerThreshold(Measure.SIMILARITY, least, 0.05, 0.6)

    private fun texts(content: ScreenContent): List<String> = content.blocks.mapNotNull {
        when (it) {
            is Block.Heading -> it.text
            is Block.Paragraph -> it.text
            is Block.Problem -> it.text
            else -> null
        }
    }

    private fun actions(content: ScreenContent): List<Action> = content.blocks.flatMap {
        when (it) {
            is Block.Button -> listOf(it.action)
            is Block.PictureRow -> listOf(it.action)
            is Block.Choice -> it.options.map(Option::action)
            else -> emptyList()
        }
    }

    @Test
    fun theLiveScreenShowsTheBestMatchWithTimes() {
        val content = liveContent(LiveState.Seeing(listOf(cover, door), times, 14.96), threshold)
        assertEquals(Block.Preview, content.blocks.first())
        val detail = "similarity 0.812, and 2 nearly the same"
        val row = Block.PictureRow(7, "covers/a.jpg", "Moby Dick", detail, Action.ShowPicture(7))
        assertEquals(listOf(row), content.blocks.filterIsInstance<Block.PictureRow>())
        assertContains(
            texts(content),
            "15.0 frames a second; decode 12, resize 1.3, model 30, search 0.5, together 44 ms"
        )
        assertContains(actions(content), Action.AddFrame)
    }

    @Test
    fun belowTheThresholdNothingIsSimilar() {
        val content = liveContent(LiveState.Seeing(listOf(door), times, null), threshold)
        assertContains(texts(content), "Nothing similar in the gallery")
        assertContains(texts(content), "The nearest is less than 0.50 similar:")
        val atThreshold = liveContent(LiveState.Seeing(listOf(door), times, null), similarity(0.41))
        assertFalse("Nothing similar in the gallery" in texts(atThreshold))
    }

    @Test
    fun anEmptyGallerySaysSo() {
        val content = liveContent(LiveState.Seeing(emptyList(), times, null), threshold)
        assertContains(texts(content), "The gallery is empty")
        assertContains(actions(content), Action.AddPhotos)
    }

    @Test
    fun aRefusedCameraLeadsToTheQuestionThenToTheSettings() {
        val first = liveContent(LiveState.NoPermission(mayAsk = true), threshold)
        val then = liveContent(LiveState.NoPermission(mayAsk = false), threshold)
        assertContains(actions(first), Action.AskForCamera)
        assertContains(actions(then), Action.OpenSystemSettings)
        for (content in listOf(first, then)) {
            assertContains(texts(content), "The camera is not allowed")
            assertContains(actions(content), Action.PickPhoto)
            assertFalse(Block.Preview in content.blocks)
        }
    }

    @Test
    fun aMissingCameraLeavesThePhotos() {
        val sentence = "This phone has no camera; pick a photo instead"
        val content = liveContent(LiveState.Failed(sentence), threshold)
        assertEquals(listOf(sentence), texts(content))
        assertEquals(listOf<Action>(Action.PickPhoto), actions(content))
    }

    @Test
    fun thePhotoScreenListsWhatIsSimilarEnough() {
        val content = resultsContent(ResultsState.Found(listOf(cover, door), times), threshold)
        assertEquals(listOf(7L), content.blocks.filterIsInstance<Block.PictureRow>().map { it.pictureId })
        val lower = resultsContent(ResultsState.Found(listOf(cover, door), times), similarity(0.4))
        assertEquals(listOf("Moby Dick", "b.jpg"), lower.blocks.filterIsInstance<Block.PictureRow>().map { it.title })
        for (state in listOf(ResultsState.Empty, ResultsState.Looking, ResultsState.Failed("no"))) {
            assertContains(actions(resultsContent(state, threshold)), Action.PickPhoto)
        }
    }

    @Test
    fun onlyPhotosOfThisPhoneCanBeDeleted() {
        val here = pictureContent(PictureState(cover.picture, hasPhoto = true))
        val there = pictureContent(PictureState(cover.picture, hasPhoto = false))
        assertContains(actions(here), Action.Delete("covers/a.jpg"))
        assertFalse(Action.Delete("covers/a.jpg") in actions(there))
        assertContains(texts(there), "The gallery came with a small picture of this photo only.")
        assertContains(here.blocks, Block.LargePicture(7, "covers/a.jpg"))
    }

    @Test
    fun settingsMarkWhatIsChosen() {
        val strict = AnswerThreshold(Measure.DISTINCTNESS, 4.5, 0.01, 0.2)
        val usual = AnswerThreshold(Measure.DISTINCTNESS, 3.92, 0.05, 0.61)
        val ready = StartState.Ready(
            readManifest(exportedManifest, "m"),
            SelfTest(1.0, 0.999),
            AnswerThresholds(listOf(strict, usual), 600, "ab"),
            ModelChoice(4, Accelerator.CPU)
        )
        val models = ModelsState(emptyList(), null, null)
        val content = settingsContent(Settings(0.1, 4, 20, Accelerator.GPU), ready, models)
        val choices = content.blocks.filterIsInstance<Block.Choice>()
        val chosen = choices.map { choice -> choice.options.single(Option::chosen).text }
        assertEquals(listOf("GPU", "4", "10 %", "20"), chosen)
        assertContains(actions(content), Action.Change(Settings(0.1, 1, 20, Accelerator.GPU)))
        assertTrue(texts(content).first().startsWith("Model: mobile_actnet_224x224_fp16, fp16"))
        val calibration = texts(content).last()
        assertTrue(calibration.startsWith("At 5 % the best match must stand out from the gallery by 3.92 deviations."))
        assertContains(calibration, "600 made-up photos of the gallery's own pictures, of which 61 % were")
    }

    @Test
    fun whatDoesNotStandOutIsNotSimilar() {
        val least = AnswerThreshold(Measure.DISTINCTNESS, 2.6, 0.05, 0.6)
        val content = liveContent(LiveState.Seeing(listOf(door), times, null), least)
        assertContains(texts(content), "Nothing similar in the gallery")
        assertContains(texts(content), "The nearest stands out from the gallery by less than 2.60 deviations:")
        val enough = liveContent(LiveState.Seeing(listOf(door), times, null), least.copy(least = 2.5))
        assertFalse("Nothing similar in the gallery" in texts(enough))
    }

    private val open = GalleryState.Open(
        GalleryInfo(
            "m.tflite", "fp16", "ab", Preprocessing("p", 1, 2, 3), 256, Storage.INT8, 160, "u", 4, "actnet 0.1"
        ),
        GalleryCounts(12, 3, 12, 1),
        listOf(cover.picture),
        listOf(Problem("added/x", "truncated")),
        null,
        0,
        null
    )

    @Test
    fun theGalleryScreenTellsWhatIsInIt() {
        val content = galleryContent(open)
        assertContains(texts(content), "12 pictures, 3 labels")
        assertContains(texts(content), "added/x: truncated")
        assertContains(actions(content), Action.ShowPicture(7))
        assertTrue(actions(content).none { it is Action.Delete }) // The photo is a computer's.
        val added = "added/" + "0a".repeat(16)
        val refused = galleryContent(open.copy(problems = listOf(Problem(added, "truncated"))))
        assertContains(actions(refused), Action.Delete(added))
        val empty = galleryContent(open.copy(counts = GalleryCounts(0, 0, 0, 0)))
        assertEquals("The gallery is empty", texts(empty).first())
    }

    @Test
    fun indexingShowsHowFarItIsAndCanBeStopped() {
        val content = galleryContent(open.copy(progress = IndexProgress(3, 12, 0)))
        assertContains(content.blocks, Block.Progress("Describing photo 4 of 12", 0.25))
        assertContains(actions(content), Action.StopIndexing)
        val stopped = galleryContent(open.copy(waiting = 9, sentence = "the storage is full"))
        assertContains(texts(stopped), "the storage is full")
        assertContains(texts(stopped), "Waiting to be described: 9")
        assertContains(actions(stopped), Action.GoOnIndexing)
    }

    @Test
    fun theBenchmarkScreenFollowsItsState() {
        assertContains(actions(benchmarkContent(BenchmarkState.Idle)), Action.Measure(300))
        val running = benchmarkContent(BenchmarkState.Running(0.5))
        assertEquals(listOf<Action>(Action.StopMeasuring), actions(running))
        assertContains(running.blocks, Block.Progress("Measuring", 0.5))
        assertContains(texts(benchmarkContent(BenchmarkState.Failed("no model"))), "no model")
    }
}
