package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.json.JSONArray
import org.json.JSONObject

class ManifestTest {
    private fun refusal(text: String) =
        assertFailsWith<ManifestException> { readManifest(text, "m.tflite.json") }.message.orEmpty()

    /** The exported manifest with one field changed or, for null, left out. */
    private fun changed(place: String, value: Any?): String {
        val json = JSONObject(exportedManifest)
        val keys = place.split('.')
        val section = keys.dropLast(1).fold(json) { parent, key -> parent.getJSONObject(key) }
        if (value == null) section.remove(keys.last()) else section.put(keys.last(), value)
        return json.toString()
    }

    @Test
    fun anExportedManifestIsRead() {
        val manifest = readManifest(exportedManifest, "m.tflite.json")
        assertEquals("mobile_actnet_224x224_fp16.tflite", manifest.artefactFile)
        assertEquals("fp16", manifest.precision)
        assertEquals(Preprocessing("pillow-bilinear", 1, 224, 224), manifest.preprocessing)
        assertEquals(256, manifest.dim)
        assertEquals(224 * 224 * 3, manifest.inputBytes)
        assertEquals(0.999, manifest.goldenCosineMin)
        assertEquals(0.95, readManifest(changed("golden.cosine_min", 0.95), "m").goldenCosineMin)
        assertContains(refusal(changed("golden.cosine_min", "high")), "golden.cosine_min")
        assertEquals(1.0, manifest.goldenDescriptor.sumOf { it.toDouble() * it }, 1e-3)
    }

    @Test
    fun otherJsonIsRefused() {
        for (text in listOf("", "{", "[]", "7", "{} x", "\u0000", "[".repeat(100_000))) {
            assertEquals("m.tflite.json is not a JSON object; export it again", refusal(text))
        }
    }

    @Test
    fun anotherSchemaIsRefusedFirst() {
        assertEquals(
            "m.tflite.json has schema 2, this app reads 1; install the app's release that fits, " +
                "or export the model again",
            refusal("""{"schema": 2}""")
        )
    }

    @Test
    fun whatTheAppCannotRunIsRefused() {
        assertContains(refusal(changed("format", "onnx")), "this app runs tflite")
        assertContains(refusal(changed("preprocessing.version", 2)), "this app has pillow-bilinear 1")
        assertContains(refusal(changed("preprocessing.name", "center-crop")), "center-crop")
    }

    @Test
    fun everyFieldThatIsReliedOnIsChecked() {
        val wrong = mapOf(
            "schema" to "1", "name" to 5, "artefact.sha256" to "AB", "artefact.size_bytes" to 0,
            "input.shape" to JSONArray(listOf(1, 3, 224, 224)), "input.dtype" to "float32",
            "input.layout" to "nchw", "input.colour" to "bgr", "output.dim" to 0,
            "output.shape" to JSONArray(listOf(1, 128)), "output.dtype" to "float16",
            "output.normalised" to false, "golden.picture" to "xor-2",
            "golden.descriptor" to JSONArray(listOf(1)), "preprocessing.height" to 0,
            "preprocessing.width" to 1e9, "checkpoint.licence" to JSONObject()
        )
        for ((place, value) in wrong) {
            for (content in listOf(value, null)) {
                val message = refusal(changed(place, content))
                assertContains(message, place)
                assertContains(message, "export it again")
            }
        }
    }

    @Test
    fun numbersThatAreNoneAreRefused() {
        assertContains(
            refusal(exportedManifest.replace("\"descriptor\": [", "\"descriptor\": [\"x\", ")),
            "golden.descriptor"
        )
    }

    @Test
    fun anArtefactIsHeldAgainstItsHash() = inFolder { folder ->
        val artefact = File(folder, "golden.tflite")
        val manifest = manifestOfGoldenGalleries()
        assertContains(
            assertFailsWith<ManifestException> { checkArtefact(manifest, artefact) }.message.orEmpty(),
            "golden.tflite is missing"
        )
        artefact.writeText("damaged")
        assertContains(
            assertFailsWith<ManifestException> { checkArtefact(manifest, artefact) }.message.orEmpty(),
            "is not the file that its manifest describes"
        )
        val json = changed("artefact.sha256", sha256(artefact.inputStream()))
        checkArtefact(readManifest(json, "m"), artefact)
    }
}
