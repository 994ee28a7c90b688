package org.mobileactnet

import java.io.File

/** How photos become the bytes that a network sees; see docs/preprocessing.md. */
data class Preprocessing(val name: String, val version: Int, val heightPx: Int, val widthPx: Int)

/**
 * What an app must know of an artefact: the JSON beside it, schema 1 (docs/manifest.md).
 *
 * @property artefactFile file name, without folder, as it was exported; files get renamed.
 * @property artefactSha256 lower-case hexadecimal.
 * @property checkpointName of the weights, with their [licence] and [origin].
 * @property dim values of a descriptor.
 * @property goldenDescriptor what the artefact gave for [goldenPicture] on the machine that made it.
 * @property goldenCosineMin least cosine with it that the self-test asks for.
 */
class Manifest(
    val name: String,
    val precision: String,
    val artefactFile: String,
    val artefactSha256: String,
    val artefactSizeBytes: Long,
    val checkpointName: String,
    val licence: String,
    val origin: String,
    val preprocessing: Preprocessing,
    val dim: Int,
    val goldenDescriptor: FloatArray,
    val goldenCosineMin: Double
) {
    /** Bytes of a picture: height, width, RGB. */
    val inputBytes: Int get() = preprocessing.heightPx * preprocessing.widthPx * CHANNELS
}

/** Name of the manifest that belongs to an artefact. */
fun manifestName(artefact: String): String = "$artefact.json"

/**
 * Reads a manifest.
 *
 * @param text of the JSON file.
 * @param file its name, for messages.
 * @throws ManifestException where it is damaged, of another schema, or of a model that this app
 *   cannot run.
 */
fun readManifest(text: String, file: String): Manifest {
    val fields = parseObject(text, file)
    checkSchema(fields, file)
    checkFormat(fields, file)
    val preprocessing = readPreprocessing(fields.section("preprocessing"), file)
    val dim = fields.section("output").wholeNumber("dim", 1..MAX_DIM.toLong()).toInt()
    checkInterface(fields, preprocessing, dim)
    val artefact = fields.section("artefact")
    val checkpoint = fields.section("checkpoint")
    return Manifest(
        name = fields.text("name"),
        precision = fields.text("precision"),
        artefactFile = artefact.text("file"),
        artefactSha256 = artefact.text("sha256"),
        artefactSizeBytes = artefact.wholeNumber("size_bytes", 1..Long.MAX_VALUE),
        checkpointName = checkpoint.text("name"),
        licence = checkpoint.text("licence"),
        origin = checkpoint.text("origin"),
        preprocessing = preprocessing,
        dim = dim,
        goldenDescriptor = readGolden(fields.section("golden"), dim),
        goldenCosineMin = fields.section("golden").number("cosine_min", OLDER_COSINE_MIN)
    ).also { if (!SHA256.matches(it.artefactSha256)) throw artefact.wrong("sha256", "64 hex digits") }
}

/**
 * Holds an artefact against its manifest.
 *
 * @throws ManifestException where it is missing or another file.
 */
fun checkArtefact(manifest: Manifest, artefact: File) {
    if (!artefact.isFile) {
        throw ManifestException("The model ${artefact.name} is missing; install the app again")
    }
    val artefactHash = artefact.inputStream().use(::sha256)
    if (artefactHash != manifest.artefactSha256) {
        throw ManifestException(
            "The model ${artefact.name} is not the file that its manifest describes: its hash is " +
                "${short(artefactHash)}, the manifest's ${short(manifest.artefactSha256)}; export it again"
        )
    }
}

internal fun short(hash: String): String = if (hash.length > 12) hash.take(12) + "…" else hash

private fun checkSchema(fields: JsonFields, file: String) {
    val schema = fields.wholeNumber("schema", 0..Long.MAX_VALUE)
    if (schema != SCHEMA) {
        throw ManifestException(
            "$file has schema $schema, this app reads $SCHEMA; install the app's release that " +
                "fits, or export the model again"
        )
    }
}

private fun checkFormat(fields: JsonFields, file: String) {
    val format = fields.text("format")
    if (format != "tflite") {
        throw ManifestException(
            "$file describes a model in the format $format, this app runs tflite; " +
                "export it with actnet-export --format tflite"
        )
    }
}

private fun readPreprocessing(fields: JsonFields, file: String): Preprocessing {
    val sides = 1..MAX_SIDE_PX.toLong()
    val settings = Preprocessing(
        fields.text("name"),
        fields.wholeNumber("version", 0..Int.MAX_VALUE.toLong()).toInt(),
        fields.wholeNumber("height", sides).toInt(),
        fields.wholeNumber("width", sides).toInt()
    )
    if (settings.name != PREPROCESSING_NAME || settings.version != PREPROCESSING_VERSION) {
        throw ManifestException(
            "$file asks for the preprocessing ${settings.name} ${settings.version}, this app has " +
                "$PREPROCESSING_NAME $PREPROCESSING_VERSION; install the release that fits"
        )
    }
    return settings
}

private fun checkInterface(fields: JsonFields, size: Preprocessing, dim: Int) {
    val input = fields.section("input")
    val expected = doubleArrayOf(1.0, size.heightPx.toDouble(), size.widthPx.toDouble(), 3.0)
    if (!input.numbers("shape").contentEquals(expected)) {
        throw input.wrong("shape", "[1, ${size.heightPx}, ${size.widthPx}, 3]")
    }
    if (input.text("dtype") != "uint8") throw input.wrong("dtype", "uint8")
    if (input.text("layout") != "nhwc") throw input.wrong("layout", "nhwc")
    if (input.text("colour") != "rgb") throw input.wrong("colour", "rgb")
    val output = fields.section("output")
    if (!output.numbers("shape").contentEquals(doubleArrayOf(1.0, dim.toDouble()))) {
        throw output.wrong("shape", "[1, $dim]")
    }
    if (output.text("dtype") != "float32") throw output.wrong("dtype", "float32")
    if (!output.flag("normalised")) throw output.wrong("normalised", "true")
}

private fun readGolden(fields: JsonFields, dim: Int): FloatArray {
    if (fields.text("picture") != GOLDEN_PICTURE) throw fields.wrong("picture", GOLDEN_PICTURE)
    val values = fields.numbers("descriptor")
    if (values.size != dim) throw fields.wrong("descriptor", "$dim numbers (got ${values.size})")
    return FloatArray(dim) { values[it].toFloat() }
}

private const val SCHEMA = 1L

/** What manifests without `golden.cosine_min` mean. */
private const val OLDER_COSINE_MIN = 0.999
private const val MAX_SIDE_PX = 4096
private val SHA256 = Regex("[0-9a-f]{64}")
