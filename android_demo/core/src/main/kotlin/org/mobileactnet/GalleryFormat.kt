/* The format of a gallery, versions 1 and 2 (docs/gallery.md): its marks, and what is refused. */
package org.mobileactnet

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile

private const val APPLICATION_ID = 0x41435447L
private const val NEWEST_VERSION = 2L
private const val HEADER_BYTES = 100
private const val SQLITE_MARK = "SQLite format 3\u0000"
private const val REBUILD = "build it again with actnet-index build"

/**
 * The one row of the table `gallery`, as far as a phone needs it.
 *
 * @property thumbnailSidePx longest side of the thumbnails; 0 where there are none.
 * @property uuid names this gallery; another build has another one.
 * @property revision grows with every change of pictures.
 */
data class GalleryInfo(
    val modelFile: String,
    val modelPrecision: String,
    val modelSha256: String,
    val preprocessing: Preprocessing,
    val dim: Int,
    val storage: Storage,
    val thumbnailSidePx: Int,
    val uuid: String,
    val revision: Long,
    val madeBy: String
)

/**
 * Looks at the file of a gallery before SQLite opens it.
 *
 * @throws GalleryException where it is missing, no SQLite file, no gallery, or of another version.
 */
fun checkGalleryFile(file: File) {
    if (!file.isFile) throw GalleryException("The gallery ${file.name} is missing; add one")
    val header = readHeader(file)
    if (String(header, 0, SQLITE_MARK.length, Charsets.ISO_8859_1) != SQLITE_MARK) {
        throw GalleryException(
            "${file.name} is not a gallery: it is not an SQLite file; give one that actnet-index made"
        )
    }
    if (bigEndian(header, 68) != APPLICATION_ID) {
        throw GalleryException(
            "${file.name} is an SQLite file, but not a gallery; give one that actnet-index made"
        )
    }
    val version = bigEndian(header, 60)
    if (version !in 1..NEWEST_VERSION) {
        throw GalleryException(
            "${file.name} is a gallery of version $version, this app reads 1 to $NEWEST_VERSION; " +
                "install the release that fits, or $REBUILD"
        )
    }
}

/**
 * Holds the app's model against the one that made a gallery.
 *
 * @param artefact its file's name in the app; the manifest may have an older one.
 * @throws GalleryException where they differ; their similarities would mean nothing.
 */
fun checkModel(name: String, info: GalleryInfo, manifest: Manifest, artefact: String = manifest.artefactFile) {
    val differs = when {
        info.modelSha256 != manifest.artefactSha256 -> "another file"
        info.preprocessing != manifest.preprocessing -> "another preprocessing or input size"
        info.dim != manifest.dim -> "${info.dim} values instead of ${manifest.dim}"
        else -> return
    }
    throw GalleryException(
        "$name was made by the model ${info.modelFile} (${short(info.modelSha256)}), the app has " +
            "$artefact (${short(manifest.artefactSha256)}): $differs; $REBUILD --model $artefact"
    )
}

/** Reads the row that says what made a gallery. */
internal fun readInfo(database: Database, name: String): GalleryInfo = readableErrors(name) {
    val sql = "SELECT model_file, model_precision, model_sha256, preprocessing_name, " +
        "preprocessing_version, height_px, width_px, dim, storage, thumbnail_side_px, uuid, " +
        "revision, made_by FROM gallery"
    val rows = database.list(sql) { row -> infoOf(row, name) }
    rows.singleOrNull() ?: throw damaged(name, "it says nothing of its model")
}

/**
 * Refuses a schema that computes something: a view in the place of a table may never end.
 *
 * @throws GalleryException where there is anything but plain tables and their indices.
 */
internal fun checkTables(database: Database, name: String) = readableErrors(name) {
    database.execute("PRAGMA trusted_schema = OFF")
    database.query("SELECT type, name, sql FROM sqlite_master") {
        val sql = it[2]?.toString().orEmpty().uppercase()
        val plain = when (it[0]) {
            "index" -> true
            "table" -> sql.startsWith("CREATE TABLE")
            else -> false
        }
        if (!plain) throw damaged(name, "it holds ${it[1].toString().take(SHOWN)}, which is not a plain table")
    }
}

/** Tells whether a picture's path stays below the folder of photos. */
internal fun staysBelow(path: String): Boolean =
    '\u0000' !in path && path.split('/').none { it in setOf("", ".", "..") }

/** Version 1 has no tables for local features. */
internal fun hasTablesOfVersion2(database: Database): Boolean =
    database.list("PRAGMA user_version") { it[0] as Long }.single() >= 2

/** Reads the table `setting` of version 2. */
internal fun readSettings(database: Database, name: String): Map<String, String> = readableErrors(name) {
    database.list("SELECT name, value FROM setting") { it[0].toString() to it[1].toString() }.toMap()
}

/**
 * Tells whether a gallery has local features.
 *
 * @throws GalleryException where they are of another kind than this app compares.
 */
internal fun hasLocalFeatures(settings: Map<String, String>, name: String): Boolean {
    val kind = settings["local_features"].orEmpty()
    if (kind.isEmpty() || kind == LOCAL_FEATURES_KIND) return kind.isNotEmpty()
    throw GalleryException(
        "$name has local features of the kind $kind, this app compares $LOCAL_FEATURES_KIND; $REBUILD --overwrite"
    )
}

private fun infoOf(row: Row, name: String): GalleryInfo {
    fun text(column: Int) = row[column] as? String ?: throw damaged(name, "a text is missing")
    fun number(column: Int, allowed: IntRange): Int {
        val value = row[column] as? Long ?: throw damaged(name, "a number is missing")
        if (value !in allowed.first..allowed.last) throw damaged(name, "it has the number $value")
        return value.toInt()
    }
    val word = text(8)
    return GalleryInfo(
        modelFile = text(0),
        modelPrecision = text(1),
        modelSha256 = text(2),
        preprocessing = Preprocessing(
            text(3),
            number(4, ANY),
            number(5, POSITIVE),
            number(6, POSITIVE)
        ),
        dim = number(7, 1..MAX_DIM),
        storage = Storage.entries.firstOrNull { it.word == word }
            ?: throw damaged(name, "its storage is $word"),
        thumbnailSidePx = number(9, ANY),
        uuid = text(10),
        revision = row[11] as? Long ?: throw damaged(name, "it has no revision"),
        madeBy = text(12)
    )
}

internal fun damaged(name: String, what: String) = GalleryException("$name is damaged: $what; $REBUILD --overwrite")

private const val SHOWN = 40
private val ANY = 0..Int.MAX_VALUE
private val POSITIVE = 1..Int.MAX_VALUE

private fun readHeader(file: File): ByteArray = try {
    ByteArray(HEADER_BYTES).also { header ->
        RandomAccessFile(file, "r").use { it.read(header) }
    }
} catch (error: IOException) {
    throw GalleryException("${file.name} cannot be read: ${error.message}", error)
}

private fun bigEndian(bytes: ByteArray, start: Int): Long =
    (0 until 4).fold(0L) { sum, place -> (sum shl 8) or (bytes[start + place].toLong() and 255) }
