package org.mobileactnet

import java.io.File
import java.nio.file.Files
import org.json.JSONArray
import org.json.JSONObject

/** The folder tests/golden. */
val golden = File(requireNotNull(System.getProperty("golden")))

/** Golden pictures, decoded; each is held against its SHA-256 before use. */
val decoded = File(requireNotNull(System.getProperty("decoded")))

/** A manifest as `make export` wrote it. */
val exportedManifest: String =
    File(requireNotNull(System.getProperty("resources")), "manifest.json").readText()

fun jsonOf(file: File) = JSONObject(file.readText())

fun JSONArray.objects(): List<JSONObject> = List(length()) { getJSONObject(it) }

fun JSONArray.lists(): List<JSONArray> = List(length()) { getJSONArray(it) }

fun JSONArray.doubles() = DoubleArray(length()) { getDouble(it) }

fun JSONArray.floats() = FloatArray(length()) { getDouble(it).toFloat() }

/** Runs a test in a folder of its own. */
fun <T> inFolder(test: (File) -> T): T {
    val folder = Files.createTempDirectory("actnet").toFile()
    try {
        return test(folder)
    } finally {
        folder.deleteRecursively()
    }
}

/** A manifest that fits the golden galleries. */
fun manifestOfGoldenGalleries() = readManifest(exportedManifest, "m.json").let { exported ->
    Manifest(
        exported.name, exported.precision, "golden.tflite", "ab".repeat(32), 1, "", "", "",
        Preprocessing("pillow-bilinear", 1, 64, 64), 16, FloatArray(16), 0.999
    )
}
