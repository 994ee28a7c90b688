package org.mobileactnet

import java.io.File
import java.io.RandomAccessFile
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import org.json.JSONObject

class GalleryTest {
    private val folder = File(golden, "gallery")
    private val index = jsonOf(File(folder, "index.json"))

    private fun open(file: File): Gallery {
        checkGalleryFile(file)
        return Gallery(JdbcDatabase(file), file.name)
    }

    /** Runs a test on a copy of the int8 gallery after an SQL statement. */
    private fun <T> after(sql: String, test: (File) -> T): T = inFolder { temporary ->
        val copy = File(folder, "int8.sqlite").copyTo(File(temporary, "shop.sqlite"))
        JdbcDatabase(copy).use { database ->
            database.execute("PRAGMA ignore_check_constraints = ON")
            database.execute(sql)
        }
        test(copy)
    }

    private fun refusal(sql: String): String = after(sql) { file ->
        assertFailsWith<GalleryException>(sql) { open(file).use { it.load() } }.message.orEmpty()
    }

    @Test
    fun whatIsNoPlainTableIsRefused() {
        val endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
        for (sql in listOf(
            "CREATE VIEW numbers AS $endless",
            "CREATE TRIGGER t AFTER INSERT ON picture BEGIN DELETE FROM picture; END"
        )) {
            assertContains(refusal(sql), "which is not a plain table")
        }
    }

    @Test
    fun aPathOutOfTheFolderOfPhotosIsRefused() {
        for (path in listOf("'../private.jpg'", "'/etc/x.jpg'", "'a/../../x.jpg'", "'a//b.jpg'", "x'00'")) {
            val message = after("UPDATE picture SET path = $path WHERE id = 1") { file ->
                assertFailsWith<GalleryException>(path) { open(file).use { it.latest(100) } }.message.orEmpty()
            }
            assertContains(message, "is damaged: a path ")
        }
    }

    @Test
    fun goldenRankingsAreFound() {
        val queries = index.getJSONArray("queries").lists().map { it.floats() }
        for (expected in index.getJSONArray("galleries").objects()) {
            open(File(folder, expected.getString("file"))).use { gallery ->
                val table = gallery.load()
                val rankings = expected.getJSONArray("rankings").lists()
                queries.forEachIndexed { number, query ->
                    val stored = encode(query, gallery.info.storage)
                    val hits = search(table.descriptors, stored, rankings[number].length()).hits
                    checkRanking(gallery, table, rankings[number].objects(), hits)
                }
            }
        }
    }

    private fun checkRanking(gallery: Gallery, table: DescriptorTable, expected: List<JSONObject>, hits: List<Hit>) {
        assertEquals(expected.map { it.getLong("id") }, hits.map { table.ids[it.row] })
        expected.zip(hits).forEach { (wanted, hit) ->
            val tolerance = if (gallery.info.storage == Storage.INT8) 0.0 else 2e-6
            assertEquals(wanted.getDouble("similarity"), hit.similarity, tolerance)
            assertEquals(wanted.getString("path"), gallery.picture(table.ids[hit.row])?.path)
        }
    }

    @Test
    fun aGallerySaysWhatItHolds() = open(File(folder, "int8.sqlite")).use { gallery ->
        assertEquals(16, gallery.info.dim)
        assertEquals("golden.tflite", gallery.info.modelFile)
        assertEquals(GalleryCounts(24, 0, 24, 0), gallery.counts())
        assertEquals("p01.png", gallery.picture(1)?.title)
        assertNull(gallery.picture(99))
        assertEquals(listOf(24L, 23L), gallery.latest(2).map { it.id })
        assertContentEquals(byteArrayOf(-1, -40), assertNotNull(gallery.thumbnail(1)).copyOf(2)) // JPEG
        assertNull(gallery.thumbnail(99))
        checkModel("int8.sqlite", gallery.info, manifestOfGoldenGalleries())
    }

    @Test
    fun theGalleryOfAnotherModelIsRefused() {
        val manifest = readManifest(exportedManifest, "m")
        open(File(folder, "int8.sqlite")).use { gallery ->
            val error = assertFailsWith<GalleryException> { checkModel("shop.sqlite", gallery.info, manifest) }
            assertEquals(
                "shop.sqlite was made by the model golden.tflite (abababababab…), the app has " +
                    "${manifest.artefactFile} (${manifest.artefactSha256.take(12)}…): another file; " +
                    "build it again with actnet-index build --model ${manifest.artefactFile}",
                error.message
            )
        }
        val sizes = listOf("height_px = 65", "width_px = 65", "preprocessing_version = 2", "dim = 15")
        for (change in sizes) {
            after("UPDATE gallery SET $change") { file ->
                open(file).use { gallery ->
                    assertFailsWith<GalleryException>(change) {
                        checkModel("shop.sqlite", gallery.info, manifestOfGoldenGalleries())
                    }
                }
            }
        }
    }

    @Test
    fun filesThatAreNoGalleriesAreRefused() = inFolder { temporary ->
        val file = File(temporary, "shop.sqlite")
        val refusal = { assertFailsWith<GalleryException> { checkGalleryFile(file) }.message.orEmpty() }
        assertContains(refusal(), "shop.sqlite is missing")
        file.writeText("")
        assertContains(refusal(), "not an SQLite file")
        file.writeText("SQLite format 4 and more text than a header is long, ".repeat(3))
        assertContains(refusal(), "not an SQLite file")
        val marks = mapOf(
            "PRAGMA application_id = 7" to "but not a gallery",
            "PRAGMA user_version = 3" to "version 3, this app reads 1 to 2"
        )
        for ((sql, what) in marks) {
            val error = after(sql) { assertFailsWith<GalleryException> { checkGalleryFile(it) } }
            assertContains(error.message.orEmpty(), what)
        }
    }

    @Test
    fun impossibleContentIsRefused() {
        val wrong = mapOf(
            "DELETE FROM gallery" to "it says nothing of its model",
            "UPDATE gallery SET storage = 'int4'" to "its storage is int4",
            "UPDATE gallery SET dim = 0" to "it has the number 0",
            "UPDATE gallery SET dim = 65537" to "it has the number 65537",
            "UPDATE gallery SET dim = 'many'" to "a number is missing",
            "UPDATE picture SET descriptor = x'0102' WHERE id = 3" to "does not have 16 values",
            "UPDATE picture SET descriptor = 'text' WHERE id = 3" to "does not have 16 values",
            "UPDATE picture SET scale = 9e999 WHERE id = 3" to "a descriptor has no length",
            "UPDATE picture SET scale = 0.0 WHERE id = 3" to "a descriptor has no length",
            "DROP TABLE picture" to "no such table"
        )
        for ((sql, what) in wrong) assertContains(refusal(sql), what, message = sql)
    }

    @Test
    fun damagedPagesAreASentence() = inFolder { temporary ->
        val copy = File(folder, "int8.sqlite").copyTo(File(temporary, "shop.sqlite"))
        RandomAccessFile(copy, "rw").use { file ->
            file.seek(100)
            file.write(ByteArray(copy.length().toInt() - 100) { 0x55 })
        }
        val error = assertFailsWith<GalleryException> { open(copy).use { it.load() } }
        assertContains(error.message.orEmpty(), "shop.sqlite is damaged")
    }

    @Test
    fun aTruncatedGalleryIsASentence() = inFolder { temporary ->
        val whole = File(folder, "int8.sqlite").readBytes()
        for (length in listOf(99, 100, 4096, whole.size - 4096)) {
            val file = File(temporary, "shop.sqlite").also { it.writeBytes(whole.copyOf(length)) }
            assertFailsWith<GalleryException>("$length bytes") { open(file).use { it.load() } }
        }
    }

    @Test
    fun goldenRefusalsNameTheirRule() {
        val sentences = mapOf(
            1 to "is not a gallery",
            2 to "is not a gallery|but not a gallery",
            3 to "of version",
            4 to "is damaged",
            5 to "is damaged",
            6 to "was made by the model"
        )
        val refused = index.getJSONArray("refused").objects()
        assertEquals(sentences.keys, refused.map { it.getInt("rule") }.toSet())
        for (case in refused) {
            val file = File(folder, "refused/${case.getString("file")}")
            val error = assertFailsWith<GalleryException>(file.name) {
                open(file).use { gallery ->
                    checkModel(file.name, gallery.info, manifestOfGoldenGalleries())
                    gallery.load()
                }
            }
            val expected = Regex(sentences.getValue(case.getInt("rule")))
            assertContains(error.message.orEmpty(), expected, message = file.name)
        }
    }

    @Test
    fun anEmptyGalleryIsFine() = after("DELETE FROM picture") { file ->
        open(file).use { assertEquals(0, it.load().descriptors.count) }
    }
}
