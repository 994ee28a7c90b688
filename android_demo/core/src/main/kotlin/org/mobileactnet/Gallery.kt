package org.mobileactnet

import java.io.Closeable

/**
 * A picture of a gallery.
 *
 * @property path relative to the folder of photos, with slashes.
 * @property label what is shown; null where nothing is known.
 */
data class Picture(val id: Long, val path: String, val label: String?, val widthPx: Int, val heightPx: Int) {
    /** The label, or else the file's name. */
    val title: String get() = label ?: path.substringAfterLast('/')
}

/**
 * A thing of the catalogue, which one or more pictures show.
 *
 * @property name tells it from others.
 * @property fields by language, then by name (`title`, `maker`, ...); the language is empty where none is named.
 */
data class Item(val name: String, val fields: Map<String, Map<String, String>>)

/** A field of an item in a language, or else without one, in English, or in any; null where there is none. */
fun Item.text(field: String, language: String): String? =
    (listOf(language, "", "en") + fields.keys).firstNotNullOfOrNull {
        fields[it]?.get(field)?.takeIf(String::isNotBlank)
    }

/** How much is in a gallery. */
data class GalleryCounts(val pictures: Long, val labels: Long, val thumbnails: Long, val problems: Long)

/** A photo that could not be described, and why. */
data class Problem(val path: String, val reason: String)

/** All descriptors of a gallery; row r belongs to the picture with the id `ids[r]`. */
class DescriptorTable(val ids: LongArray, val descriptors: StoredDescriptors)

/**
 * An open gallery.
 *
 * @param name of the file, for messages.
 * @throws GalleryException where the gallery is damaged.
 */
class Gallery(private val database: Database, private val name: String) :
    PictureSource,
    Closeable by database {
    init {
        checkTables(database, name)
    }

    /** What it was made by, as it was when the gallery was opened. */
    val info: GalleryInfo = readInfo(database, name)

    private val hasVersion2 = readableErrors(name) { hasTablesOfVersion2(database) }
    private val settings = if (hasVersion2) readSettings(database, name) else emptyMap()

    override val hasLocalFeatures: Boolean = hasLocalFeatures(settings, name)

    /** The certainty from which a hit is an answer, as the gallery was calibrated. */
    override val verifiedFrom: Double = settings["verified_from"]?.toDoubleOrNull()
        ?.takeIf { it > 0 && it < Double.POSITIVE_INFINITY } ?: VERIFIED_FROM

    /**
     * Reads all descriptors into one matrix, in rising order of ids.
     *
     * @throws GalleryException where one has another length than the gallery says, or no scale, or
     *   where they are more than an app can hold.
     */
    override fun load(): DescriptorTable = readableErrors(name) {
        val count = counts().pictures
        val length = info.dim * info.storage.bytesPerValue
        if (count * length > MAX_BYTES) {
            throw GalleryException("$name has $count pictures; the app can hold ${MAX_BYTES / length}")
        }
        val ids = LongArray(count.toInt())
        val scales = DoubleArray(count.toInt())
        val bytes = ByteArray(count.toInt() * length)
        var row = 0
        database.query("SELECT id, scale, descriptor FROM picture ORDER BY id") {
            if (row == ids.size) throw GalleryException("$name is being changed; try again")
            ids[row] = it[0] as Long
            scales[row] = scaleOf(it[1])
            descriptorOf(it[2], length).copyInto(bytes, row * length)
            row++
        }
        if (row != ids.size) throw GalleryException("$name is being changed; try again")
        DescriptorTable(ids, StoredDescriptors(info.storage, info.dim, bytes, scales))
    }

    override fun picture(id: Long): Picture? = readableErrors(name) {
        database.list("$PICTURES WHERE id = ?", id, make = ::pictureOf).singleOrNull()
    }

    /** The number of the picture with a path; null where there is none. */
    fun idOf(path: String): Long? = readableErrors(name) {
        database.list("SELECT id FROM picture WHERE path = ?", path) { it[0] as Long }.singleOrNull()
    }

    /** The pictures that were added last, the newest first. */
    fun latest(limit: Int): List<Picture> = pictures("", limit)

    /** The pictures whose label, path or item's title has [words] (all where it is empty), the newest first. */
    fun pictures(words: String, limit: Int, offset: Int = 0): List<Picture> = readableErrors(name) {
        val sql = "$PICTURES ${where(words)} ORDER BY id DESC LIMIT ? OFFSET ?"
        val arguments = searched(words) + limit.toLong() + offset.toLong()
        database.list(sql, *arguments.toTypedArray(), make = ::pictureOf)
    }

    /** How many pictures have [words] so. */
    fun pictureCount(words: String): Long = readableErrors(name) {
        val sql = "SELECT count(*) FROM picture ${where(words)}"
        database.list(sql, *searched(words).toTypedArray()) { it[0] as Long }.single()
    }

    private fun where(words: String): String = when {
        words.isBlank() -> ""
        hasVersion2 -> "$NAMED_SO $OF_ITEMS_SO"
        else -> NAMED_SO
    }

    private fun searched(words: String): List<Any> {
        if (words.isBlank()) return emptyList()
        val pattern = "%" + words.trim().replace(Regex("[!%_]")) { "!" + it.value } + "%"
        return List(if (hasVersion2) 3 else 2) { pattern }
    }

    /** The paths of pictures and problems that begin with [PhotoInbox.FOLDER]. */
    fun addedPaths(): Set<String> = readableErrors(name) {
        // LIKE would take another case for the same.
        val begins = "substr(path, 1, ${PhotoInbox.FOLDER.length}) = ?"
        val sql = "SELECT path FROM picture WHERE $begins UNION SELECT path FROM problem WHERE $begins"
        database.list(sql, PhotoInbox.FOLDER, PhotoInbox.FOLDER) { it[0].toString() }.toSet()
    }

    override fun thumbnail(id: Long): ByteArray? = jpeg("thumbnail", id)

    override fun pagePicture(id: Long): ByteArray? = if (hasVersion2) jpeg("page_picture", id) else null

    private fun jpeg(table: String, id: Long): ByteArray? = readableErrors(name) {
        database.list("SELECT jpeg FROM $table WHERE picture_id = ?", id) { it[0] as? ByteArray }.singleOrNull()
    }

    /**
     * A picture's local features; null where it has none, as in galleries of version 1.
     *
     * @throws GalleryException where they are damaged.
     */
    override fun localFeatures(id: Long): LocalFeatures? {
        if (!hasLocalFeatures) return null
        return readableErrors(name) {
            val sql = "SELECT width_px, height_px, features FROM local_features WHERE picture_id = ?"
            database.list(sql, id, make = ::localFeaturesOf).singleOrNull()
        }
    }

    /** What the catalogue says of a picture; null where it says nothing, as in galleries of version 1. */
    override fun item(pictureId: Long): Item? {
        if (!hasVersion2) return null
        return readableErrors(name) {
            val sql = "SELECT item.id, item.name FROM item JOIN item_picture ON item.id = item_id WHERE picture_id = ?"
            val (id, itemName) = database.list(sql, pictureId) { it[0] as Long to it[1].toString() }
                .singleOrNull() ?: return@readableErrors null
            val fields = sortedMapOf<String, MutableMap<String, String>>()
            database.query("SELECT language, name, value FROM item_field WHERE item_id = ? ORDER BY 1, 2", id) {
                fields.getOrPut(it[0].toString()) { linkedMapOf() }[it[1].toString()] = it[2].toString()
            }
            Item(itemName, fields)
        }
    }

    /** The photos that could not be described. */
    fun problems(): List<Problem> = readableErrors(name) {
        database.list("SELECT path, reason FROM problem ORDER BY path") {
            Problem(it[0].toString(), it[1].toString())
        }
    }

    fun counts(): GalleryCounts = readableErrors(name) {
        val sql = "SELECT count(*), count(DISTINCT label), (SELECT count(*) FROM thumbnail), " +
            "(SELECT count(*) FROM problem) FROM picture"
        database.list(sql) { GalleryCounts(it[0] as Long, it[1] as Long, it[2] as Long, it[3] as Long) }
            .single()
    }

    private fun pictureOf(row: Row): Picture {
        fun number(column: Int) = (row[column] as? Long ?: throw damaged(name, "a number is missing"))
        val path = row[1] as? String ?: throw damaged(name, "a path is not text")
        if (!staysBelow(path)) throw damaged(name, "a path leads out of the folder of photos")
        return Picture(
            number(0),
            path,
            row[2]?.let { it as? String ?: throw damaged(name, "a label is not text") },
            number(3).toInt(),
            number(4).toInt()
        )
    }

    private fun localFeaturesOf(row: Row): LocalFeatures {
        val width = row[0] as? Long ?: throw damaged(name, "a number is missing")
        val height = row[1] as? Long ?: throw damaged(name, "a number is missing")
        val bytes = row[2] as? ByteArray ?: throw damaged(name, "local features are missing")
        return try {
            LocalFeatures(sideOf(width), sideOf(height), bytes)
        } catch (error: IllegalArgumentException) {
            throw damaged(name, "local features of ${error.message}")
        }
    }

    /** A number that no Int holds becomes 0, which is no side either. */
    private fun sideOf(value: Long): Int = if (value in 1..Int.MAX_VALUE) value.toInt() else 0

    private fun scaleOf(value: Any?): Double = (value as? Double)?.takeIf { it.isFinite() && it > 0 }
        ?: throw damaged(name, "a descriptor has no length")

    private fun descriptorOf(value: Any?, length: Int): ByteArray = (value as? ByteArray)?.takeIf { it.size == length }
        ?: throw damaged(name, "a descriptor does not have ${info.dim} values")

    private companion object {
        const val MAX_BYTES = 1L shl 30
        const val NAMED_SO = "WHERE label LIKE ? ESCAPE '!' OR path LIKE ? ESCAPE '!'"
        const val OF_ITEMS_SO = "OR id IN (SELECT picture_id FROM item_picture JOIN item_field USING (item_id) " +
            "WHERE name IN ('title', 'maker') AND value LIKE ? ESCAPE '!')"
        const val PICTURES = "SELECT id, path, label, width_px, height_px FROM picture"
    }
}
