package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertSame
import kotlin.test.assertTrue
import org.json.JSONArray

class ViewsTest {
    private val index = jsonOf(File(golden, "views.json"))

    private fun JSONArray.numbers() = List(length()) { getInt(it) }

    private fun viewOf(name: String): View {
        val crop = Crop.entries.single { it.word == name.substringBefore('@') }
        return View(crop, name.substringAfter('@', "0").toInt())
    }

    @Test
    fun boxesAreThoseOfTheGoldenFile() {
        assertEquals(WORKING_SIDE_PX, index.getInt("working_side_px"))
        val photos = index.getJSONArray("photos").objects()
        assertTrue(photos.size >= 10)
        for (photo in photos) {
            val (width, height) = photo.getJSONArray("size").numbers()
            val (narrow, low) = photo.getJSONArray("working_size").numbers()
            assertEquals(narrow to low, workingSize(width, height))
            val boxes = photo.getJSONObject("boxes")
            assertEquals(Crop.entries.size, boxes.length())
            for (crop in Crop.entries) {
                val box = cropBox(crop, narrow, low)
                val expected = boxes.getJSONArray(crop.word).numbers()
                assertEquals(expected, listOf(box.left, box.top, box.right, box.bottom), "$crop of $width x $height")
            }
        }
    }

    @Test
    fun setsAreThoseOfTheGoldenFile() {
        val sets = index.getJSONObject("sets")
        assertEquals(VIEW_SETS.size, sets.length())
        for ((name, views) in VIEW_SETS) {
            val expected = sets.getJSONArray(name).let { list -> List(list.length()) { list.getString(it) } }
            assertEquals(expected, views.map { it.toString() })
        }
    }

    @Test
    fun pixelsAreThoseOfTheGoldenFile() {
        for (drawn in index.getJSONArray("pixels").objects()) {
            val (width, height) = drawn.getJSONArray("size").numbers()
            val photo = goldenPicture(Preprocessing(PREPROCESSING_NAME, 1, height, width))
            val hashes = drawn.getJSONObject("sha256")
            val names = hashes.keys().asSequence().map { it.toString() }.toList()
            assertEquals(10, names.size)
            val pictures = viewPictures(photo, names.map { viewOf(it) })
            for ((name, picture) in names.zip(pictures)) {
                assertEquals(hashes.getString(name), sha256(picture.bytes.inputStream()), name)
            }
        }
    }

    @Test
    fun theWholeIsThePhotoItselfAndATurnIsClockwise() {
        val grey = { value: Int -> List(3) { value.toByte() } }
        val photo = RgbPicture(3, 2, (0..5).flatMap { grey(it) }.toByteArray())
        val (whole, turned) = viewPictures(photo, listOf(View(Crop.WHOLE), View(Crop.WHOLE, 90)))
        assertSame(photo, whole)
        // The left column, read upwards, becomes the top row.
        assertEquals(2 to 3, turned.widthPx to turned.heightPx)
        assertContentEquals(listOf(3, 0, 4, 1, 5, 2).flatMap { grey(it) }.toByteArray(), turned.bytes)
        assertFailsWith<IllegalArgumentException> { View(Crop.CENTRE, 45) }
    }
}
