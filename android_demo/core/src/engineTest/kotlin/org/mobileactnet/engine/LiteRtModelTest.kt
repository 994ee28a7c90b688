package org.mobileactnet.engine

import java.io.File
import java.nio.file.Files
import kotlin.math.abs
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject
import org.mobileactnet.Accelerator
import org.mobileactnet.Gallery
import org.mobileactnet.JdbcDatabase
import org.mobileactnet.Manifest
import org.mobileactnet.ManifestException
import org.mobileactnet.ModelChoice
import org.mobileactnet.ModelException
import org.mobileactnet.ModelOwner
import org.mobileactnet.RgbPicture
import org.mobileactnet.checkGalleryFile
import org.mobileactnet.checkModel
import org.mobileactnet.encode
import org.mobileactnet.manifestName
import org.mobileactnet.readManifest
import org.mobileactnet.resize
import org.mobileactnet.search
import org.mobileactnet.selfTest

/** The real model through JNI, beside what Python found with the same artefact (tools/parity.py). */
class LiteRtModelTest {
    private val parity = File(requireNotNull(System.getProperty("parity")))
    private val artefact = File(requireNotNull(System.getProperty("artefact")))
    private val library = requireNotNull(System.getProperty("engine"))
    private val manifest = File(artefact.parentFile, manifestName(artefact.name))
        .let { readManifest(it.readText(), it.name) }
    private val cases = JSONObject(File(parity, "parity.json").readText())

    private fun open(
        file: File = artefact,
        of: Manifest = manifest,
        threads: Int = 1,
        accelerator: Accelerator = Accelerator.CPU
    ) = LiteRtModel.open(file, of, ModelChoice(threads, accelerator)) { System.load(library) }

    private fun picture(case: JSONObject) = RgbPicture(
        case.getInt("width"),
        case.getInt("height"),
        File(parity, case.getString("file")).readBytes()
    ).let { resize(it, manifest.preprocessing.heightPx, manifest.preprocessing.widthPx) }

    private fun queries(): List<JSONObject> = cases.getJSONArray("queries").let { list ->
        List(list.length()) { list.getJSONObject(it) }
    }

    private fun JSONArray.floats() = FloatArray(length()) { getDouble(it).toFloat() }

    @Test
    fun descriptorsAreThoseOfPython() = open().use { model ->
        assertTrue(queries().size >= 20)
        var worst = 0f
        for (case in queries()) {
            val expected = case.getJSONArray("descriptor").floats()
            val found = model.describe(picture(case))
            assertEquals(expected.size, found.size)
            for (place in found.indices) worst = maxOf(worst, abs(found[place] - expected[place]))
        }
        println("told: largest difference from Python $worst in ${queries().size} pictures")
        assertTrue(worst <= requireNotNull(System.getProperty("limit")).toFloat(), "$worst")
    }

    @Test
    fun rankingsAreThoseOfPython() = open().use { model ->
        val file = File(parity, cases.getString("gallery"))
        checkGalleryFile(file)
        Gallery(JdbcDatabase(file), file.name).use { gallery ->
            checkModel(file.name, gallery.info, manifest)
            val table = gallery.load()
            for (case in queries()) {
                val query = encode(model.describe(picture(case)), gallery.info.storage)
                val expected = case.getJSONArray("hits").let { ids -> List(ids.length()) { ids.getLong(it) } }
                val found = search(table.descriptors, query, expected.size).hits.map { table.ids[it.row] }
                assertEquals(expected, found, case.getString("file"))
            }
            println("told: rankings equal for ${queries().size} queries in ${table.ids.size} pictures")
        }
    }

    @Test
    fun theSelfTestPasses() = open(threads = 2).use { model ->
        val found = selfTest(manifest, model)
        assertTrue(found.passed, "$found")
    }

    /** The library that tests this has no GPU. */
    @Test
    fun whereTheGpuCannotRunItTheProcessorDoes() {
        val picture = picture(queries().first())
        val onCpu = open().use { it.describe(picture) }
        open(accelerator = Accelerator.GPU).use { model ->
            assertEquals(Accelerator.CPU, model.accelerator)
            assertTrue(onCpu.contentEquals(model.describe(picture)))
        }
    }

    @Test
    fun anOwnerKeepsTheModelOnOneThread() {
        val owner = ModelOwner.open { open() }
        val case = queries().first()
        val descriptors = List(3) { owner.submit { it.describe(picture(case)) } }.map { it.get() }
        assertTrue(descriptors.all { it.contentEquals(descriptors.first()) })
        owner.close()
    }

    @Test
    fun aDamagedModelNeverReachesTheEngine() {
        val folder = Files.createTempDirectory("actnet").toFile()
        val damaged = File(folder, artefact.name)
        damaged.writeBytes(artefact.readBytes().copyOf(artefact.length().toInt() / 2))
        val error = assertFailsWith<ManifestException> { open(damaged) }
        assertContains(error.message.orEmpty(), "is not the file that its manifest describes")
        damaged.delete()
        assertContains(assertFailsWith<ManifestException> { open(damaged) }.message.orEmpty(), "is missing")
        folder.deleteRecursively()
    }

    @Test
    fun aManifestOfAnotherSizeIsRefused() {
        val json = JSONObject(File(artefact.parentFile, manifestName(artefact.name)).readText())
        json.getJSONObject("preprocessing").put("height", 64)
        json.getJSONObject("input").put("shape", JSONArray(listOf(1, 64, manifest.preprocessing.widthPx, 3)))
        val other = readManifest(json.toString(), "m.json")
        val error = assertFailsWith<ModelException> { open(of = other) }
        assertContains(error.message.orEmpty(), "its manifest says 64, ")
    }

    @Test
    fun aPictureOfAnotherSizeIsRefused() = open().use { model ->
        val error = assertFailsWith<ModelException> { model.describe(RgbPicture(1, 1, ByteArray(3))) }
        assertContains(error.message.orEmpty(), "The model cannot be used: the picture's size in bytes is 3")
    }

    @Test
    fun aBuildWithoutTheRuntimeSaysSo() {
        val error = assertFailsWith<ModelException> {
            val choice = ModelChoice(1, Accelerator.CPU)
            LiteRtModel.open(artefact, manifest, choice) { System.load("/nowhere/libLiteRt.so") }
        }
        assertContains(error.message.orEmpty(), "build it with Gradle")
    }

    @Test
    fun aClosedModelIsRefused() {
        val model = open()
        model.close()
        model.close()
        val error = assertFailsWith<ModelException> { model.describe(RgbPicture(1, 1, ByteArray(3))) }
        assertContains(error.message.orEmpty(), "is closed")
    }
}
