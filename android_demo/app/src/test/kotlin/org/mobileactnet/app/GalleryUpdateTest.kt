package org.mobileactnet.app

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.mobileactnet.RgbPicture
import org.mobileactnet.sha256

/** The gallery of the app and the photos of the phone through updates of the app. */
class GalleryUpdateTest {
    private fun FakePhone.opened(): Demo = Demo(this).also { it.open() }

    private fun addedPaths(demo: Demo) = assertIs<GalleryState.Open>(demo.gallery.state.value).things.map { it.path }
        .filter { it.startsWith("added/") }

    /** The app's own picture is in the gallery of the next app under another label. */
    private fun FakePhone.updateGallery() = carryGallery {
        it.execute("DELETE FROM picture WHERE id > 20")
        it.execute("UPDATE picture SET label = 'of the update' WHERE id = 3")
        it.execute("UPDATE gallery SET uuid = 'the next', revision = revision + 1")
    }

    @Test
    fun anUpdateOfTheAppBringsItsGalleryAndKeepsThePhonesPhotos(): Unit = onPhone {
        val demo = opened()
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        val path = addedPaths(demo).single()
        demo.close()
        updateGallery()
        var described = 0
        decoder = {
            described++
            RgbPicture(2, 2, ByteArray(12) { 3 })
        }
        opened().use { next ->
            val state = assertIs<GalleryState.Open>(next.gallery.state.value)
            assertEquals(21, state.counts.pictures)
            assertEquals(listOf(path), addedPaths(next))
            assertEquals(0, described) // Not again: the model is the same.
            next.show(3)
            assertEquals("of the update", next.picture.value?.thing?.title)
            next.results.look { byteArrayOf(3).inputStream() }
            val best = assertIs<ResultsState.Found>(next.results.state.value).figures.matches.first().picture
            assertEquals(path, best.path)
            assertNotNull(next.thumbnail(best.id))
            perform(next, Action.Delete(path))
            assertEquals(20, assertIs<GalleryState.Open>(next.gallery.state.value).counts.pictures)
        }
    }

    @Test
    fun anUpdateOfModelAndGalleryDescribesThePhonesPhotosAgain(): Unit = onPhone {
        val demo = opened()
        demo.gallery.add(listOf(3, 5).map { value -> { byteArrayOf(value.toByte()).inputStream() } })
        val paths = addedPaths(demo)
        demo.close()
        val next = "the next model"
        val hash = sha256(next.byteInputStream())
        files[MODEL] = next.toByteArray()
        changeManifest { it.getJSONObject("artefact").put("sha256", hash) }
        files[THRESHOLDS] = thresholdsJson(hash).toByteArray()
        carryGallery { it.execute("UPDATE gallery SET model_sha256 = ?", hash) }
        val described = mutableListOf<Int>()
        decoder = { photo ->
            val value = photo.readBytes().single().also { described += it.toInt() }
            RgbPicture(2, 2, ByteArray(12) { value })
        }
        opened().use {
            assertIs<StartState.Ready>(it.start.value)
            assertEquals(paths.toSet(), addedPaths(it).toSet())
            assertEquals(listOf(3, 5), described.sorted())
            assertEquals(26, assertIs<GalleryState.Open>(it.gallery.state.value).counts.pictures)
        }
    }

    @Test
    fun aProcessThatEndsWhileTheUpdateIsCopiedGoesOn(): Unit = onPhone {
        val demo = opened()
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        demo.close()
        updateGallery()
        // The new file is there, and the mark is not; likewise before the phone's gallery had its name.
        File(folder, "models/fake/gallery.sha256").delete()
        File(folder, "models/$GALLERY").writeBytes(files.getValue(GALLERY))
        File(folder, "models/fake/added.sqlite.part").writeText("half")
        File(folder, "models/fake/added.sqlite").delete()
        opened().use { next ->
            assertEquals(21, assertIs<GalleryState.Open>(next.gallery.state.value).counts.pictures)
            assertEquals(1, addedPaths(next).size)
        }
    }

    @Test
    fun theGalleryOfAnOlderAppIsReplacedAndItsPhotosAreDescribedAgain(): Unit = onPhone {
        // One file held both, without a mark.
        val demo = opened()
        demo.gallery.add(listOf { byteArrayOf(3).inputStream() })
        demo.close()
        File(folder, "models/fake/added.sqlite").copyTo(File(folder, "models/$GALLERY"), overwrite = true)
        File(folder, "models/fake/added.sqlite").delete()
        File(folder, "models/fake/gallery.sha256").delete()
        opened().use { next ->
            assertEquals(25, assertIs<GalleryState.Open>(next.gallery.state.value).counts.pictures)
            assertEquals(1, addedPaths(next).size)
        }
    }

    @Test
    fun aTableThatAndroidHasPutIntoTheGalleryIsNotCopied(): Unit = onPhone {
        carryGallery { it.execute("CREATE TABLE android_metadata (locale TEXT)") }
        opened().use { assertIs<StartState.Ready>(it.start.value) }
    }

    @Test
    fun aDamagedGalleryOfThePhonesPhotosIsReplacedWhenAskedFor(): Unit = onPhone {
        opened().use { it.gallery.add(listOf { byteArrayOf(3).inputStream() }) }
        File(folder, "models/fake/added.sqlite").writeText("no database")
        val demo = opened()
        val refused = assertIs<StartState.Refused>(demo.start.value)
        assertContains(refused.sentence, "added.sqlite is not a gallery")
        assertTrue(refused.gallery)
        perform(demo, Action.RestoreGallery)
        assertEquals(1, addedPaths(demo).size)
        demo.close()
    }
}
