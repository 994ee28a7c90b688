package org.mobileactnet

import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** The inbox and the indexer together, as the app uses them. */
class IndexerTest {
    /** A gallery, an inbox, and a model that sees a photo's first byte. */
    private class Phone(
        val folder: File,
        val inbox: PhotoInbox = PhotoInbox(File(folder, "waiting"), File(folder, "photos"))
    ) {
        private val file = File(folder, "shop.sqlite")
        val database = JdbcDatabase(file.also { if (!it.exists()) File(golden, "gallery/int8.sqlite").copyTo(it) })
        val gallery = Gallery(database, "shop.sqlite")
        var described = 0

        fun indexer(describe: (File) -> Described = ::describe) =
            Indexer(inbox, gallery, GalleryWriter(database, "shop.sqlite"), describe)

        fun describe(photo: File): Described {
            val first = photo.readBytes().firstOrNull() ?: throw PictureException("The photo is empty")
            described++
            return Described(4, 3, FloatArray(16) { if (it == first.toInt()) 1f else 0f }, null)
        }

        fun add(vararg first: Int): List<File> = first.map { inbox.add(byteArrayOf(it.toByte()).inputStream()) }
    }

    private fun <T> onPhone(test: Phone.() -> T): T = inFolder { folder ->
        Phone(folder).run { database.use { test() } }
    }

    @Test
    fun whatWaitsIsDescribedAndKept() = onPhone {
        val progress = mutableListOf<IndexProgress>()
        val names = add(1, 2).map { it.name }
        indexer().run({ true }, progress::add)
        assertEquals(26, gallery.counts().pictures)
        assertEquals(emptyList(), inbox.waiting())
        for (name in names) assertNotNull(inbox.photo("added/$name"))
        assertEquals(List(3) { IndexProgress(it, 2, 0) }, progress)
    }

    @Test
    fun theSamePhotoIsAddedOnce() = onPhone {
        add(1, 1)
        indexer().run({ true }, {})
        add(1)
        indexer().run({ true }, {})
        assertEquals(25, gallery.counts().pictures)
    }

    @Test
    fun aStoppedRunGoesOnWithWhatIsLeft() = onPhone {
        add(1, 2, 3)
        var asked = 0
        indexer().run({ asked++ < 1 }, {})
        assertEquals(2, inbox.waiting().size)
        indexer().run({ true }, {})
        assertEquals(27, gallery.counts().pictures)
        assertEquals(3, described)
    }

    @Test
    fun aProcessThatDiesBetweenStoringAndMovingStoresOnce() = onPhone {
        val (photo) = add(1)
        GalleryWriter(database, "shop.sqlite").store(
            DescribedPhoto(
                "added/${photo.name}", 1, 1, ByteArray(32), 4, 3, null,
                encode(describe(photo).descriptor, Storage.INT8), null
            )
        )
        indexer().run({ true }, {}) // The next start of the app.
        assertEquals(25, gallery.counts().pictures)
        assertEquals(emptyList(), inbox.waiting())
    }

    @Test
    fun aProcessThatDiesWhileDescribingDescribesAgain() = onPhone {
        add(1, 2)
        val killed = indexer { throw ThreadDeath() }
        assertFailsWith<ThreadDeath> { killed.run({ true }, {}) }
        assertEquals(2, inbox.waiting().size)
        indexer().run({ true }, {})
        assertEquals(26, gallery.counts().pictures)
    }

    @Test
    fun aPhotoThatCannotBeDecodedIsNotedAndTheRestGoesOn() = onPhone {
        add(1, 2)
        inbox.add(ByteArray(0).inputStream())
        val progress = mutableListOf<IndexProgress>()
        indexer().run({ true }, progress::add)
        assertEquals(26, gallery.counts().pictures)
        assertEquals("The photo is empty", gallery.problems().single().reason)
        assertEquals(IndexProgress(3, 3, 1), progress.last())
        assertEquals(emptyList(), inbox.waiting())
    }

    @Test
    fun aPhotoOfWhichTheProcessDiedTwiceIsNotTriedAgain() = onPhone {
        val (deadly) = add(1, 2)
        repeat(2) { inbox.begin(deadly) } // No end: the process is gone.
        assertEquals(2, inbox.waiting().size)
        indexer().run({ true }, {})
        assertEquals(1, described)
        assertContains(gallery.problems().single().reason, "The app ended 2 times")
        assertEquals(emptyList(), File(folder, "waiting").list().orEmpty().toList())
        add(1) // On purpose, once more.
        indexer().run({ true }, {})
        assertEquals(26, gallery.counts().pictures)
    }

    @Test
    fun aPhotoThatFailedWithoutADeathIsTriedAsOftenAsAsked() = onPhone {
        add(1)
        val failing = indexer { throw ModelException("The model is being opened again") }
        repeat(3) { assertFailsWith<ModelException> { failing.run({ true }, {}) } }
        indexer().run({ true }, {})
        assertEquals(25, gallery.counts().pictures)
    }

    @Test
    fun onePhotoThatCannotBeStoredDoesNotHoldUpTheOthers() = onPhone {
        for (failure in listOf<() -> FloatArray>(
            { FloatArray(16) { Float.NaN } },
            { throw OutOfMemoryError() },
            { throw IOException("damaged storage") }
        )) {
            val (bad) = add(1)
            add(2)
            val indexer = indexer { if (it == bad) Described(4, 3, failure(), null) else describe(it) }
            indexer.run({ true }, {})
            assertEquals(25, gallery.counts().pictures)
            assertEquals(emptyList(), inbox.waiting())
        }
        assertContains(gallery.problems().single().reason, "damaged storage")
    }

    /** The gallery of another model, with the photos of this phone. */
    private fun <T> Phone.onOther(test: Phone.() -> T): T =
        Phone(File(folder, "other").also { it.mkdirs() }, inbox).run { database.use { test() } }

    @Test
    fun whatOneGalleryHasIsDescribedForAnotherAfterWhatIsNew() = onPhone {
        val names = add(1, 2).map { it.name }
        indexer().run({ true }, {})
        val (last) = add(3)
        onOther {
            assertEquals(listOf(last.name) + names, indexer().waiting().map { it.name })
            indexer().run({ true }, {})
            assertEquals(27, gallery.counts().pictures)
            assertEquals(emptyList(), indexer().waiting())
        }
        assertEquals(listOf(last.name), indexer().waiting().map { it.name })
    }

    @Test
    fun aPhotoThatOneModelCannotDescribeStaysInTheGalleryOfTheOther() = onPhone {
        val (photo) = add(1)
        indexer().run({ true }, {})
        onOther {
            repeat(2) { inbox.begin(indexer().waiting().single()) }
            indexer().run({ true }, {})
            assertContains(gallery.problems().single().reason, "The app ended 2 times")
            assertEquals(emptyList(), indexer().waiting()) // Not tried at every start.
        }
        assertFalse(indexer().takeOutDeleted())
        assertNotNull(inbox.photo("added/${photo.name}"))
        assertEquals(25, gallery.counts().pictures)
    }

    @Test
    fun aNewPhotoThatTheModelRefusesIsDescribedForAnother() {
        val failures = listOf<() -> FloatArray>({ FloatArray(16) { Float.NaN } }, { throw OutOfMemoryError() })
        for (failure in failures) refusedThenDescribed { indexer { Described(4, 3, failure(), null) } }
        refusedThenDescribed { photo -> indexer().also { repeat(2) { inbox.begin(photo) } } }
    }

    /** The photo is new, and stays with its problem in the one gallery while the other takes it. */
    private fun refusedThenDescribed(refusing: Phone.(File) -> Indexer): Unit = onPhone {
        val (photo) = add(1)
        refusing(photo).run({ true }, {})
        onOther {
            assertEquals(listOf(photo.name), indexer().waiting().map { it.name })
            indexer().run({ true }, {})
            assertNotNull(gallery.idOf("added/${photo.name}"))
        }
        assertFalse(indexer().takeOutDeleted())
        assertEquals(emptyList(), indexer().waiting())
        assertEquals("added/${photo.name}", gallery.problems().single().path)
    }

    @Test
    fun aPhotoThatIsDeletedAndAddedAgainIsTriedByAModelThatRefusedIt() = onPhone {
        val (photo) = add(1)
        indexer().run({ true }, {})
        onOther {
            indexer { throw PictureException("too large") }.run({ true }, {})
            inbox.delete("added/${photo.name}")
            assertTrue(indexer().takeOutDeleted())
            assertEquals(emptyList(), gallery.problems())
        }
        indexer().takeOutDeleted()
        add(1)
        indexer().run({ true }, {})
        onOther { assertEquals(listOf(photo.name), indexer().waiting().map { it.name }) }
    }

    @Test
    fun howOftenADeletedPhotoWasBegunIsForgotten() = onPhone {
        val (photo) = add(1)
        inbox.begin(photo)
        inbox.delete("added/${photo.name}")
        assertEquals(emptyList(), File(folder, "waiting").list().orEmpty().toList())
        assertEquals(0, inbox.deaths(add(1).single()))
    }

    @Test
    fun whatIsDeletedGoesOutOfAllGalleriesAndNothingElse() = onPhone {
        // A folder of the computer's photos may be called as the phone's.
        database.execute("UPDATE picture SET path = 'added/' || path WHERE id < 4")
        val (gone, stays) = add(1, 2)
        indexer().run({ true }, {})
        onOther {
            indexer().run({ true }, {})
            inbox.delete("added/${gone.name}")
            assertTrue(indexer().takeOutDeleted())
            assertNull(gallery.idOf("added/${gone.name}"))
        }
        assertTrue(indexer().takeOutDeleted())
        assertFalse(indexer().takeOutDeleted())
        assertEquals(25, gallery.counts().pictures)
        assertNotNull(gallery.idOf("added/${stays.name}"))
        assertEquals(emptyList(), indexer().waiting())
    }

    @Test
    fun aDeletedPhotoDoesNotWaitEither() = onPhone {
        val (photo) = add(1)
        indexer().run({ true }, {})
        add(1) // Once more, and not described yet.
        inbox.delete("added/${photo.name}")
        assertEquals(emptyList(), indexer().waiting())
        assertTrue(indexer().takeOutDeleted())
    }

    @Test
    fun aPhotoThatIsNotLetGoIsASentenceAndStays() = onPhone {
        val (photo) = add(1)
        indexer().run({ true }, {})
        val kept = File(folder, "photos/${photo.name}")
        kept.delete()
        File(kept, "inside").mkdirs() // A folder that is not empty cannot be deleted.
        val error = assertFailsWith<PictureException> { inbox.delete("added/${photo.name}") }
        assertContains(error.message.orEmpty(), "cannot be deleted; try again")
        assertFalse(indexer().takeOutDeleted())
    }

    @Test
    fun aFullStorageKeepsWhatWaits() = onPhone {
        val pages = database.list("PRAGMA page_count") { it[0] as Long }.single()
        database.query("PRAGMA max_page_count = $pages") {}
        add(1)
        val large = indexer { Described(4, 3, describe(it).descriptor, ByteArray(200_000)) }
        val error = assertFailsWith<GalleryException> { large.run({ true }, {}) }
        assertContains(error.message.orEmpty(), "the storage is full")
        assertEquals(1, inbox.waiting().size)
    }

    @Test
    fun aCopyThatFailsLeavesNothing() = onPhone {
        val failing = object : InputStream() {
            var left = 3
            override fun read() = if (left-- > 0) 7 else throw IOException("No space left on device")
        }
        val error = assertFailsWith<PictureException> { inbox.add(failing) }
        assertEquals(
            "The photo cannot be added: No space left on device; free some space and add it again",
            error.message
        )
        assertEquals(emptyList(), File(folder, "waiting").list().orEmpty().toList())
    }

    @Test
    fun aCopyThatWasKilledIsRemoved() = onPhone {
        add(1)
        File(folder, "waiting/123.part").writeText("half a photo")
        assertEquals(1, inbox.waiting().size)
        assertEquals(1, File(folder, "waiting").list().orEmpty().size)
    }

    @Test
    fun onlyPhotosOfThisPhoneHaveALargePicture() = onPhone {
        val (photo) = add(1)
        indexer().run({ true }, {})
        assertNull(inbox.photo("drawn/p01.png"))
        inbox.delete("added/${photo.name}")
        assertNull(inbox.photo("added/${photo.name}"))
    }
}
