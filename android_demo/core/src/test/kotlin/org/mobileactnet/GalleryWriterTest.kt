package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull

class GalleryWriterTest {
    private fun <T> inGallery(test: (JdbcDatabase, Gallery) -> T): T = inFolder { folder ->
        val file = File(golden, "gallery/int8.sqlite").copyTo(File(folder, "shop.sqlite"))
        JdbcDatabase(file).use { database ->
            val result = test(database, Gallery(database, "shop.sqlite"))
            val checks = database.list("PRAGMA integrity_check") { it[0] }
            assertEquals(listOf<Any?>("ok"), checks)
            val orphans = "SELECT count(*) FROM thumbnail WHERE picture_id NOT IN (SELECT id FROM picture)"
            assertEquals(listOf<Any?>(0L), database.list(orphans) { it[0] })
            result
        }
    }

    private fun photo(path: String, place: Int = 0, thumbnail: ByteArray? = byteArrayOf(9)) = DescribedPhoto(
        path, 5, 6, ByteArray(32), 40, 30, "a label",
        encode(FloatArray(16) { if (it == place) 1f else 0f }, Storage.INT8), thumbnail
    )

    @Test
    fun anAddedPhotoIsFound() = inGallery { database, gallery ->
        GalleryWriter(database, "shop.sqlite").store(photo("added/x"))
        val id = assertNotNull(gallery.idOf("added/x"))
        assertEquals(Picture(id, "added/x", "a label", 40, 30), gallery.picture(id))
        assertContentEquals(byteArrayOf(9), gallery.thumbnail(id))
        val table = gallery.load()
        val query = encode(FloatArray(16) { if (it == 0) 1f else 0f }, Storage.INT8)
        assertEquals(Hit(24, 1.0), search(table.descriptors, query, 1).hits.single())
        assertEquals(id, table.ids[24])
    }

    @Test
    fun theSamePathIsReplaced() = inGallery { database, gallery ->
        val writer = GalleryWriter(database, "shop.sqlite")
        writer.store(photo("added/x", place = 0))
        writer.store(photo("added/x", place = 1, thumbnail = null))
        assertEquals(25, gallery.counts().pictures)
        assertEquals(24, gallery.counts().thumbnails)
        assertEquals(127, gallery.load().descriptors.bytes[24 * 16 + 1])
    }

    @Test
    fun everyChangeAdvancesTheRevision() = inGallery { database, _ ->
        val revision = { Gallery(database, "shop.sqlite").info.revision }
        val before = revision()
        val writer = GalleryWriter(database, "shop.sqlite")
        writer.store(photo("added/x"))
        writer.noteProblem("added/y", "truncated")
        writer.delete("added/x")
        assertEquals(before + 3, revision())
    }

    @Test
    fun aDeletedPictureTakesItsThumbnailAlong() = inGallery { database, gallery ->
        GalleryWriter(database, "shop.sqlite").delete(assertNotNull(gallery.picture(5)).path)
        assertNull(gallery.picture(5))
        assertNull(gallery.thumbnail(5))
        assertEquals(23, gallery.load().ids.size)
    }

    @Test
    fun aProblemTakesTheOldContentOut() = inGallery { database, gallery ->
        val writer = GalleryWriter(database, "shop.sqlite")
        writer.store(photo("added/x"))
        writer.noteProblem("added/x", "truncated")
        writer.noteProblem("added/x", "gone")
        assertEquals(listOf(Problem("added/x", "gone")), gallery.problems())
        assertNull(gallery.idOf("added/x"))
        writer.store(photo("added/x"))
        assertEquals(emptyList(), gallery.problems())
    }

    @Test
    fun aFullStorageLosesNothingOfWhatWasThere() = inGallery { database, gallery ->
        val pages = database.list("PRAGMA page_count") { it[0] as Long }.single()
        database.query("PRAGMA max_page_count = $pages") {}
        val large = photo("added/x", thumbnail = ByteArray(200_000))
        val error = assertFailsWith<GalleryException> {
            GalleryWriter(database, "shop.sqlite").store(large)
        }
        assertContains(error.message.orEmpty(), "the storage is full")
        assertEquals(24, gallery.load().ids.size)
        assertNull(gallery.idOf("added/x"))
    }

    @Test
    fun aDescriptorOfAnotherLengthIsNotStored() = inGallery { database, gallery ->
        val short = encode(floatArrayOf(1f), Storage.INT8)
        val wrong = DescribedPhoto("added/x", 5, 6, ByteArray(32), 1, 1, null, short, null)
        assertFailsWith<GalleryException> { GalleryWriter(database, "shop.sqlite").store(wrong) }
        assertEquals(24, gallery.counts().pictures)
    }
}
