package org.mobileactnet.app

import java.io.ByteArrayInputStream
import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.util.concurrent.Executor
import org.json.JSONArray
import org.json.JSONObject
import org.mobileactnet.Accelerator
import org.mobileactnet.AssetSource
import org.mobileactnet.CameraFrame
import org.mobileactnet.DescriptorModel
import org.mobileactnet.FeatureEngine
import org.mobileactnet.GALLERY_FILE
import org.mobileactnet.GALLERY_HASH_FILE
import org.mobileactnet.Heat
import org.mobileactnet.JdbcDatabase
import org.mobileactnet.MODELS_FILE
import org.mobileactnet.Manifest
import org.mobileactnet.ModelChoice
import org.mobileactnet.Phone
import org.mobileactnet.PictureException
import org.mobileactnet.Preprocessing
import org.mobileactnet.RgbPicture
import org.mobileactnet.SettingsStore
import org.mobileactnet.THRESHOLDS_FILE
import org.mobileactnet.YuvPlane
import org.mobileactnet.exportedManifest
import org.mobileactnet.golden
import org.mobileactnet.goldenPicture
import org.mobileactnet.sha256

const val DIM = 16
const val NAME = "fake"
const val MODEL = "fake/fake.tflite"
const val GALLERY = "fake/$GALLERY_FILE"
const val THRESHOLDS = "fake/$THRESHOLDS_FILE"
private val size = Preprocessing("pillow-bilinear", 1, 64, 64)

/**
 * A descriptor that has one value, in the place that the first byte of the picture says, and as much further
 * as the model [shifts] it.
 */
class FakeModel(override val accelerator: Accelerator = Accelerator.CPU, private val shifts: Int = 0) :
    DescriptorModel {
    override fun describe(picture: RgbPicture): FloatArray {
        val place = (picture.bytes[0] + shifts) % DIM
        return FloatArray(DIM) { if (it == place) 1f else 0f }
    }

    override fun close() = Unit
}

/** A phone whose photos are files of one byte, decoded to a picture of that value. */
class FakePhone(override val folder: File) : Environment {
    override fun language() = "en"

    val files = mutableMapOf<String, ByteArray>()
    private val carried = mutableListOf<String>()
    var heatNow = Heat.NONE
    var clock = 0L
    var memory = 1
    var model: (Manifest) -> DescriptorModel = { FakeModel(shifts = shiftsOf(it.name)) }

    /** Opens what [model] says, unless a test says how. */
    var opener: (File, Manifest, ModelChoice) -> DescriptorModel = { _, manifest, _ -> model(manifest) }

    var features: () -> FeatureEngine = { error("a gallery without local features needs none") }

    /** Threads of their own where a test wants them; else all is done at once. */
    var workers: (String) -> Executor = { Executor { it.run() } }
    var decoder: (File) -> RgbPicture = ::decodeByte

    /** Where the last model was wanted. */
    var wanted = ModelChoice(0, Accelerator.CPU)
    val stored = mutableMapOf<String, String>()

    override val assets = object : AssetSource {
        override fun open(name: String) = ByteArrayInputStream(files[name] ?: throw IOException(name))
    }
    override val settings = object : SettingsStore {
        override fun read(key: String) = stored[key]

        override fun write(key: String, value: String) {
            stored[key] = value
        }
    }
    override val phone = Phone("Fake One", "arm64-v8a", "Android 15", 8, 1L shl 33, "0.1.0")

    override fun openDatabase(file: File) = JdbcDatabase(file)

    override fun openModel(artefact: File, manifest: Manifest, choice: ModelChoice): DescriptorModel {
        wanted = choice
        return opener(artefact, manifest, choice)
    }

    override fun openFeatures(): FeatureEngine = features()

    override fun decode(photo: File): RgbPicture {
        if (memory == 0) throw OutOfMemoryError()
        return decoder(photo)
    }

    override fun jpeg(picture: RgbPicture, sidePx: Int) = byteArrayOf(picture.bytes[0])

    override fun heat() = heatNow

    override fun clockNs(): Long = clock.also { clock += 1_000_000 }

    override fun now() = "2026-01-02T03:04:05Z"

    override fun worker(name: String): Executor = workers(name)

    fun changeManifest(name: String = NAME, change: (JSONObject) -> Unit) {
        files["$name/$name.tflite.json"] = manifestJson(name).also(change).toString().toByteArray()
    }

    /** Builds the app with one more model. */
    fun carry(name: String) {
        carried += name
        listModels(carried)
        files["$name/$name.tflite"] = contentOf(name).toByteArray()
        changeManifest(name) {}
        carryGallery(name) {}
        files["$name/$THRESHOLDS_FILE"] = thresholdsJson(sha256Of(name)).toByteArray()
    }

    /** Builds the app with another gallery of a model. */
    fun carryGallery(name: String = NAME, change: (JdbcDatabase) -> Unit) {
        val gallery = fittingGallery(name, change)
        files["$name/$GALLERY_FILE"] = gallery
        files["$name/$GALLERY_HASH_FILE"] = sha256(gallery.inputStream()).toByteArray()
    }

    fun listModels(names: List<String>) {
        val list = JSONObject().put("schema", 1).put("models", JSONArray(names))
        files[MODELS_FILE] = list.toString().toByteArray()
    }

    init {
        carry(NAME)
    }
}

/** A grey frame. */
fun frame(value: Int) = CameraFrame(
    2,
    2,
    YuvPlane(ByteArray(4) { value.toByte() }, 2, 1),
    YuvPlane(byteArrayOf(-128), 1, 1),
    YuvPlane(byteArrayOf(-128), 1, 1),
    1
)

private fun decodeByte(photo: File): RgbPicture {
    val value = photo.readBytes().singleOrNull()
        ?: throw PictureException("The photo cannot be decoded; choose another")
    return RgbPicture(2, 2, ByteArray(12) { value })
}

private fun contentOf(name: String) = "the model $name"

fun sha256Of(name: String) = sha256(contentOf(name).byteInputStream())

/** How far the model of a name shifts; [NAME] does not. */
fun shiftsOf(name: String) = if (name == NAME) 0 else 1 + name.length % (DIM - 1)

/** Runs a test with a phone. */
fun <T> onPhone(test: FakePhone.() -> T): T {
    val folder = Files.createTempDirectory("phone").toFile()
    try {
        return FakePhone(folder).test()
    } finally {
        folder.deleteRecursively()
    }
}

private fun manifestJson(name: String): JSONObject {
    val json = JSONObject(exportedManifest).put("name", name)
    json.getJSONObject("artefact").put("file", "$name.tflite").put("sha256", sha256Of(name))
    json.getJSONObject("preprocessing").put("height", size.heightPx).put("width", size.widthPx)
    json.getJSONObject("input").put("shape", JSONArray(listOf(1, size.heightPx, size.widthPx, 3)))
    json.getJSONObject("output").put("shape", JSONArray(listOf(1, DIM))).put("dim", DIM)
    val descriptor = FakeModel(shifts = shiftsOf(name)).describe(goldenPicture(size)).map { it.toDouble() }
    json.getJSONObject("golden").put("descriptor", JSONArray(descriptor))
    return json
}

/** What Python's calibrate writes. */
fun thresholdsJson(modelSha256: String = sha256Of(NAME)) = """
    {"schema": 1, "model_sha256": "$modelSha256", "pictures": 24, "captures": 600, "measure": "distinctness",
     "thresholds": {"similarity": [], "distinctness": [
       {"false_answers": 0.05, "least": 2.5, "right_answers": 0.7, "wrong_answers": 0.1},
       {"false_answers": 0.01, "least": 3.5, "right_answers": 0.5, "wrong_answers": 0.0}]}}
"""

/** The golden gallery, as if the model of that name had made it. */
private fun fittingGallery(name: String, change: (JdbcDatabase) -> Unit): ByteArray {
    val copy = File.createTempFile("gallery", ".sqlite")
    File(golden, "gallery/int8.sqlite").copyTo(copy, overwrite = true)
    JdbcDatabase(copy).use {
        it.execute("UPDATE gallery SET model_sha256 = ?", sha256Of(name))
        change(it)
    }
    return copy.readBytes().also { copy.delete() }
}
