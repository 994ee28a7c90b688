package org.mobileactnet

import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertSame
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject

class ModelCatalogueTest {
    /** Assets with models of these names, all of the exported manifest. */
    private class Assets(vararg names: String) : AssetSource {
        private val list = JSONObject().put("schema", 1).put("models", JSONArray(names.toList()))
        val files = mutableMapOf(MODELS_FILE to list.toString())

        init {
            for (name in names) {
                val json = JSONObject(exportedManifest)
                val artefact = json.getJSONObject("artefact").put("file", "$name.tflite")
                files["$name/$name.tflite.json"] = json.toString()
                files["$name/$THRESHOLDS_FILE"] = thresholdsOf(artefact.getString("sha256"))
                files["$name/$name.tflite"] = "no model"
                carryGallery(name, "gallery of $name")
            }
        }

        fun carryGallery(name: String, content: String) {
            files["$name/$GALLERY_FILE"] = content
            files["$name/$GALLERY_HASH_FILE"] = sha256(content.byteInputStream()) + "\n"
        }

        override fun open(name: String): InputStream =
            ByteArrayInputStream((files[name] ?: throw IOException(name)).toByteArray())

        fun thresholdsOf(sha256: String) =
            """{"schema": 1, "model_sha256": "$sha256", "captures": 600, "measure": "similarity", "thresholds":
               {"similarity": [{"false_answers": 0.05, "least": 0.5, "right_answers": 0.7}]}}"""
    }

    private fun models(assets: Assets) = ModelCatalogue(assets).models()

    @Test
    fun theModelsComeInTheirOrderWithTheirManifests() {
        val models = models(Assets("small", "large"))
        assertEquals(listOf("small", "large"), models.map { it.name })
        assertEquals(listOf("small.tflite", "large.tflite"), models.map { usable(it).manifest.artefactFile })
    }

    private fun usable(model: CarriedModel) = assertIs<CarriedModel.Usable>(model)

    @Test
    fun whatIsWrongWithOneModelLeavesTheOthers() {
        fun refused(damage: Assets.() -> Unit): String {
            val models = models(Assets("small", "large", "other").apply(damage))
            assertEquals(listOf("small", "large", "other"), models.map { it.name })
            usable(models.first())
            usable(models.last())
            return assertIs<CarriedModel.Refused>(models[1]).sentence
        }
        assertContains(refused { files.remove("large/large.tflite.json") }, "built without large/large.tflite.json")
        assertContains(refused { files["large/large.tflite.json"] = "{" }, "large.tflite.json is not a JSON object")
        assertContains(refused { files.remove("large/thresholds.json") }, "built without large/thresholds.json")
        assertContains(
            refused { files["large/thresholds.json"] = files.getValue("large/thresholds.json").replace("600", "0") },
            "thresholds.json is damaged: captures"
        )
    }

    @Test
    fun aRenamedArtefactIsInstalledUnderItsNewName() = inFolder { folder ->
        val assets = Assets("small")
        val json = JSONObject(exportedManifest)
        json.getJSONObject("artefact").put("file", "older.tflite").put("sha256", sha256("no model".byteInputStream()))
        assets.files["small/small.tflite.json"] = json.toString()
        assets.files["small/$THRESHOLDS_FILE"] = assets.thresholdsOf(sha256("no model".byteInputStream()))
        val installer = Installer(assets, folder)
        val installed = installer.install(usable(models(assets).single()))
        assertEquals(File(folder, "models/small/small.tflite"), installed.artefact)
        assets.files["small/small.tflite"] = "another"
        installed.artefact.delete()
        val error = assertFailsWith<ManifestException> { installer.install(usable(models(assets).single())) }
        assertContains(error.message.orEmpty(), "small.tflite is not the file that its manifest describes")
    }

    @Test
    fun aListOfModelsThatIsNoneIsASentence() {
        fun sentence(list: String?) = Assets("small").run {
            if (list == null) files.remove(MODELS_FILE) else files[MODELS_FILE] = list
            assertFailsWith<ManifestException> { models(this) }.message.orEmpty()
        }
        assertContains(sentence(null), "The app was built without models.json; run make android-assets")
        assertContains(sentence("[]"), "models.json is not a JSON object; run make android-assets")
        assertContains(sentence("""{"schema": 2, "models": ["small"]}"""), "schema must be 1 (got 2)")
        assertContains(sentence("""{"schema": 1, "models": [1]}"""), "models must be a list of texts")
        for (names in listOf("", "\"a\", \"a\"", "\"..\"", "\"../shared_prefs\"", "\"\"")) {
            val said = sentence("""{"schema": 1, "models": [$names]}""")
            assertContains(said, "models must be a list of different names of folders")
        }
    }

    @Test
    fun theFirstIsUsedUntilAnotherIsChosenAndWhereThatHasGone() {
        val models = models(Assets("small", "large"))
        assertSame(models[0], chosenModel(models, null).model)
        assertNull(chosenModel(models, null).sentence)
        assertSame(models[1], chosenModel(models, "large").model)
        assertNull(chosenModel(models, "large").sentence)
        val fallen = chosenModel(models, "older")
        assertSame(models[0], fallen.model)
        assertEquals("The model older is not in this build of the app any more; small is used.", fallen.sentence)
    }

    /** Assets of one model whose artefact is what its manifest says. */
    private fun installable(): Assets = Assets("small").apply {
        val json = JSONObject(exportedManifest)
        json.getJSONObject("artefact").put("sha256", sha256("no model".byteInputStream()))
        files["small/small.tflite.json"] = json.toString()
        files["small/$THRESHOLDS_FILE"] = thresholdsOf(sha256("no model".byteInputStream()))
    }

    private fun Assets.install(folder: File): InstalledFiles =
        Installer(this, folder).install(usable(models(this).single()))

    @Test
    fun aNewerGalleryReplacesTheOneOfTheAppBefore() = inFolder { folder ->
        val assets = installable()
        val installed = assets.install(folder)
        assertEquals("gallery of small", installed.gallery.readText())
        File(installed.gallery.path + "-journal").writeText("of the old one")
        installed.added.writeText("photos of the phone")
        assets.carryGallery("small", "a newer gallery")
        assertEquals("a newer gallery", assets.install(folder).gallery.readText())
        assertEquals(false, File(installed.gallery.path + "-journal").exists())
        assertEquals("photos of the phone", installed.added.readText())
    }

    @Test
    fun theSameGalleryIsNotCopiedAgain() = inFolder { folder ->
        val assets = installable()
        val gallery = assets.install(folder).gallery
        gallery.writeText("as SQLite left it")
        assertEquals("as SQLite left it", assets.install(folder).gallery.readText())
    }

    @Test
    fun aProcessThatEndsBetweenGalleryAndMarkCopiesAgain() = inFolder { folder ->
        val assets = installable()
        val gallery = assets.install(folder).gallery
        val mark = File(gallery.parentFile, GALLERY_HASH_FILE)
        mark.delete() // As it is between the two.
        gallery.writeText("half of another")
        assertEquals("gallery of small", assets.install(folder).gallery.readText())
        assertTrue(mark.isFile)
    }

    @Test
    fun aGalleryThatIsNotTheAppsIsASentence() = inFolder { folder ->
        val assets = installable()
        assets.files["small/$GALLERY_FILE"] = "another"
        val error = assertFailsWith<ActnetException> { assets.install(folder) }
        assertContains(error.message.orEmpty(), "gallery.sqlite is not the file that the app was built with")
        assets.files.remove("small/$GALLERY_HASH_FILE")
        val missing = assertFailsWith<ActnetException> { assets.install(folder) }
        assertContains(missing.message.orEmpty(), "The app was built without small/gallery.sha256")
    }

    @Test
    fun modelsThatTheAppHasNotAreFreed() = inFolder { folder ->
        val assets = installable()
        assets.install(folder)
        File(folder, "models/older").mkdirs()
        Installer(assets, folder).removeOthers(models(assets))
        assertEquals(listOf("small"), File(folder, "models").list().orEmpty().toList())
    }
}
