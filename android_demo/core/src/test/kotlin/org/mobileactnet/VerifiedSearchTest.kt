package org.mobileactnet

import java.io.File
import kotlin.math.ln
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.json.JSONObject

/** A gallery of version 2; the engine's own tests compare features for real (NativeVerifierTest). */
class VerifiedSearchTest {
    private val folder = File(golden, "answers")
    private val index = jsonOf(File(folder, "index.json"))
    private val file = File(folder, index.getString("gallery"))

    private fun open(file: File = this.file): Gallery {
        checkGalleryFile(file)
        return Gallery(JdbcDatabase(file), file.name)
    }

    /** Runs a test on a copy of the gallery after an SQL statement. */
    private fun <T> after(sql: String, test: (File) -> T): T = inFolder { temporary ->
        val copy = file.copyTo(File(temporary, "shop.sqlite"))
        JdbcDatabase(copy).use { database ->
            database.execute("PRAGMA ignore_check_constraints = ON")
            database.execute(sql)
        }
        test(copy)
    }

    /** Finds what the golden answer says of each picture with features. */
    private class ToldVerifier(private val inliersOf: Map<Int, Int>) : PhotoVerifier {
        val compared = mutableListOf<Int>()

        override fun verify(picture: LocalFeatures): Verification {
            val known = picture.bytes.contentHashCode()
            compared += known
            return Verification(inliersOf.getValue(known), null)
        }

        override fun close() = Unit
    }

    private fun views(answer: JSONObject) = answer.getJSONArray("views").lists().map { it.floats() }

    private fun JSONObject.allKeys(): Set<String> = keys().asSequence().map { it.toString() }.toSet()

    private fun JSONObject.inliers(): Int? = if (isNull("inliers")) null else getInt("inliers")

    @Test
    fun hitsAreInTheOrderOfTheGoldenAnswers() = open().use { gallery ->
        assertTrue(gallery.hasLocalFeatures)
        val search = VerifiedSearch(gallery, gallery.load())
        for (answer in index.getJSONArray("answers").objects()) {
            val expected = answer.getJSONArray("hits").objects()
            val told = expected.filter { it.inliers() != null }.mapNotNull { hit ->
                gallery.localFeatures(hit.getLong("id"))?.let { it.bytes.contentHashCode() to hit.getInt("inliers") }
            }
            val verifier = ToldVerifier(told.toMap())
            val hits = search.find(views(answer), verifier, expected.size, index.getInt("shortlist"))
            assertEquals(expected.map { it.getLong("id") }, hits.map { it.id })
            assertEquals(expected.map { it.getDouble("similarity") }, hits.map { it.similarity })
            assertEquals(expected.map { it.inliers() }, hits.map { it.verification?.inliers })
            assertEquals(expected.map { it.getBoolean("verified") }, hits.map { it.verified(gallery.verifiedFrom) })
            assertTrue(verifier.compared.size <= 5)
        }
        assertEquals(index.getDouble("verified_from"), gallery.verifiedFrom)
        assertEquals(SHORTLIST, index.getInt("shortlist"))
    }

    @Test
    fun withoutAPhotosFeaturesTheOrderIsThatOfSimilarity() = open().use { gallery ->
        val search = VerifiedSearch(gallery, gallery.load())
        val answer = index.getJSONArray("answers").getJSONObject(0)
        val hits = search.find(views(answer), null, 5)
        val expected = answer.getJSONArray("hits").objects()
            .sortedWith(compareByDescending<JSONObject> { it.getDouble("similarity") }.thenBy { it.getLong("id") })
        assertEquals(expected.take(5).map { it.getLong("id") }, hits.map { it.id })
        assertTrue(hits.all { it.verification == null && !it.verified(VERIFIED_FROM) })
    }

    @Test
    fun inliersAreWorthALogarithm() {
        val hit = { id: Long, similarity: Double, inliers: Int? ->
            VerifiedHit(id, 0, similarity, inliers?.let { Verification(it, null) })
        }
        assertEquals(0.5, hit(1, 0.5, null).score(0.6))
        assertEquals(0.5, hit(1, 0.5, 3).score(0.6))
        assertEquals(0.5 + 0.15 * ln(8.0), hit(1, 0.5, 10).score(0.6))
        val ordered = inFusedOrder(listOf(hit(1, 0.6, 0), hit(3, 0.5, 9), hit(2, 0.5, 9)))
        assertEquals(listOf(2L, 3L, 1L), ordered.map { it.id })
        assertEquals(emptyList(), inFusedOrder(emptyList()))
        for ((first, second, rises) in listOf(
            Triple(0.69, 0.5, true),
            Triple(0.69, 0.48, false),
            Triple(0.7, 0.68, true),
            Triple(0.7, 0.66, false)
        )) {
            val two = inFusedOrder(listOf(hit(1, first, 0), hit(2, second, 25)))
            assertEquals(if (rises) listOf(2L, 1L) else listOf(1L, 2L), two.map { it.id }, "$first, $second")
        }
        val hits = listOf(hit(1, 0.5, 7), hit(1, -0.5, 7), hit(1, 0.5, null))
        assertEquals(listOf(3.5, 0.0, 0.0), hits.map { it.certainty })
        assertTrue(hit(1, 0.5, 7).verified(3.5) && !hit(1, 0.5, 7).verified(3.6))
    }

    @Test
    fun eachPictureKeepsItsLargestSimilarity() {
        val views = listOf(listOf(Hit(3, 0.9), Hit(1, 0.2)), listOf(Hit(1, 0.5), Hit(0, 0.5)), emptyList())
        assertEquals(listOf(Hit(3, 0.9), Hit(0, 0.5), Hit(1, 0.5)), largestPerPicture(views, 9))
        assertEquals(listOf(Hit(3, 0.9)), largestPerPicture(views, 1))
    }

    @Test
    fun localFeaturesAreReadAsTheyWereStored() = open().use { gallery ->
        val features = assertNotNull(gallery.localFeatures(9))
        assertEquals(listOf(180, 240, 344), listOf(features.widthPx, features.heightPx, features.count))
        assertTrue(File(golden, "verification/upright_picture.bin").readBytes().contentEquals(features.bytes))
        assertEquals(0, gallery.localFeatures(15)?.count)
        assertNull(gallery.localFeatures(1))
    }

    @Test
    fun galleriesWithoutLocalFeaturesHaveNone() {
        open(File(golden, "gallery/int8.sqlite")).use { gallery ->
            assertTrue(!gallery.hasLocalFeatures)
            assertNull(gallery.localFeatures(3))
            assertNull(gallery.item(3))
            assertEquals(VERIFIED_FROM, gallery.verifiedFrom)
        }
        after("UPDATE setting SET value = '' WHERE name = 'local_features'") { changed ->
            open(changed).use { assertNull(it.localFeatures(9)) }
        }
    }

    @Test
    fun aThresholdThatCannotBeIsLeftAside() {
        for (value in listOf("", "many", "-1", "0", "Infinity", "NaN")) {
            after("UPDATE setting SET value = '$value' WHERE name = 'verified_from'") { changed ->
                open(changed).use { assertEquals(VERIFIED_FROM, it.verifiedFrom, value) }
            }
        }
    }

    @Test
    fun aPageShowsTheLargePictureAndNotTheThumbnail() {
        val insert = "INSERT INTO page_picture SELECT picture_id, x'FFD8FFD9' FROM item_picture WHERE picture_id = 9"
        after(insert) { changed ->
            open(changed).use { gallery ->
                val large = byteArrayOf(0xff.toByte(), 0xd8.toByte(), 0xff.toByte(), 0xd9.toByte())
                assertContentEquals(large, gallery.pagePicture(9))
                assertNull(gallery.pagePicture(15)) // It has none.
                val added = Gallery(JdbcDatabase(changed), changed.name)
                GalleryPair(gallery, added).use { pair ->
                    assertContentEquals(large, pair.pagePicture(9))
                    assertContentEquals(large, pair.pagePicture(GalleryPair.FIRST_ADDED + 9))
                }
            }
        }
        Gallery(JdbcDatabase(File(golden, "gallery/int8.sqlite")), "old").use { assertNull(it.pagePicture(9)) }
    }

    @Test
    fun itemsAreReadWithTheirFields() = open().use { gallery ->
        val items = index.getJSONObject("items")
        for (id in items.allKeys()) {
            val expected = items.getJSONObject(id)
            val item = assertNotNull(gallery.item(id.toLong()))
            assertEquals(expected.getString("name"), item.name)
            val fields = expected.getJSONObject("fields").let { languages ->
                languages.allKeys().associateWith { languages.getJSONObject(it) }
            }
            assertEquals(fields.keys, item.fields.keys)
            for ((language, values) in fields) {
                val named = values.allKeys().associateWith { values.getString(it) }
                assertEquals(named, item.fields.getValue(language))
            }
        }
        assertEquals(listOf("de", "en"), gallery.item(21)?.fields?.keys?.toList())
        assertNull(gallery.item(1))
    }

    @Test
    fun impossibleLocalFeaturesAreRefused() {
        val kind = "UPDATE setting SET value = 'orb 1' WHERE name = 'local_features'"
        val error = after(kind) { assertFailsWith<GalleryException> { open(it) } }
        assertContains(error.message.orEmpty(), "has local features of the kind orb 1")
        val wrong = mapOf(
            "features = x'0102'" to "2 bytes; 22 a feature are needed",
            "features = 'text'" to "local features are missing",
            "width_px = 0" to "0 x 240 pixels",
            "height_px = 4096" to "180 x 4096 pixels",
            "width_px = 9999999999" to "0 x 240 pixels",
            "width_px = 'wide'" to "a number is missing"
        )
        for ((change, what) in wrong) {
            after("UPDATE local_features SET $change WHERE picture_id = 9") { changed ->
                open(changed).use { gallery ->
                    val refusal = assertFailsWith<GalleryException>(change) { gallery.localFeatures(9) }
                    assertContains(refusal.message.orEmpty(), what)
                }
            }
        }
    }

    /** SQLite gives a new picture the number of the last one that went. */
    @Test
    fun aNewPictureHasNothingOfTheOneBefore() = after(
        "INSERT INTO local_features SELECT 26, width_px, height_px, features FROM local_features WHERE picture_id = 9"
    ) { changed ->
        val photo = DescribedPhoto(
            "added/new.jpg", 1, 1, ByteArray(32), 8, 8, null,
            StoredDescriptors(Storage.INT8, 16, ByteArray(16) { 1 }, doubleArrayOf(0.25)), null
        )
        GalleryWriter(JdbcDatabase(changed), changed.name).run {
            delete("drawn/p26.png")
            store(photo)
        }
        open(changed).use { gallery ->
            assertEquals(26L, gallery.idOf("added/new.jpg"))
            assertNull(gallery.localFeatures(26))
        }
    }
}
