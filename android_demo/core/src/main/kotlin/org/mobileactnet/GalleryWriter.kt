package org.mobileactnet

/**
 * A photo ready to be stored.
 *
 * @property path relative to the folder of photos, with slashes; another photo of that path is
 *   replaced.
 * @property sha256 of the file, 32 bytes.
 * @property descriptor one, in the gallery's storage.
 * @property thumbnail a JPEG; null for none.
 * @property features local features; null where the gallery has none.
 */
class DescribedPhoto(
    val path: String,
    val sizeBytes: Long,
    val modifiedNs: Long,
    val sha256: ByteArray,
    val widthPx: Int,
    val heightPx: Int,
    val label: String?,
    val descriptor: StoredDescriptors,
    val thumbnail: ByteArray?,
    val features: LocalFeatures? = null
)

/**
 * Changes a gallery; every change is whole or does not happen.
 *
 * @param name of the file, for messages.
 */
class GalleryWriter(private val database: Database, private val name: String) {
    // SQLite gives a new picture the number of the last one that went; nothing may be left under it.
    private val tablesOfPictures = listOf("thumbnail") +
        if (readableErrors(name) { hasTablesOfVersion2(database) }) TABLES_OF_VERSION_2 else emptyList()

    /**
     * Adds a photo, or puts its new content in the place of the old one.
     *
     * @throws GalleryException where the storage is full or the gallery damaged.
     */
    fun store(photo: DescribedPhoto) = change {
        // Android 8 has SQLite 3.18, which knows no ON CONFLICT DO UPDATE.
        remove(photo.path)
        database.execute(
            "INSERT INTO picture (path, size_bytes, mtime_ns, sha256, width_px, height_px, label, " +
                "scale, descriptor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            photo.path, photo.sizeBytes, photo.modifiedNs, photo.sha256, photo.widthPx.toLong(),
            photo.heightPx.toLong(), photo.label, photo.descriptor.scales.single(),
            photo.descriptor.bytes
        )
        photo.thumbnail?.let {
            database.execute(
                "INSERT INTO thumbnail SELECT id, ? FROM picture WHERE path = ?",
                it,
                photo.path
            )
        }
        photo.features?.let {
            database.execute(
                "INSERT INTO local_features (picture_id, width_px, height_px, features) " +
                    "SELECT id, ?, ?, ? FROM picture WHERE path = ?",
                it.widthPx.toLong(),
                it.heightPx.toLong(),
                it.bytes,
                photo.path
            )
        }
    }

    /** Notes why a photo is not in the gallery; an older content of it goes out. */
    fun noteProblem(path: String, reason: String) = change {
        remove(path)
        database.execute("INSERT INTO problem (path, reason) VALUES (?, ?)", path, reason)
    }

    /** Gives the picture of a path another label. */
    fun rename(path: String, label: String?) = change {
        database.execute("UPDATE picture SET label = ? WHERE path = ?", label, path)
    }

    /** Takes the picture of a path out, or its problem; nothing is lost where it has gone already. */
    fun delete(path: String) = change { remove(path) }

    private fun remove(path: String) {
        for (table in tablesOfPictures) {
            database.execute(
                "DELETE FROM $table WHERE picture_id IN (SELECT id FROM picture WHERE path = ?)",
                path
            )
        }
        database.execute("DELETE FROM picture WHERE path = ?", path)
        database.execute("DELETE FROM problem WHERE path = ?", path)
    }

    private fun change(block: () -> Unit) = readableErrors(name) {
        database.transaction {
            block()
            database.execute("UPDATE gallery SET revision = revision + 1")
        }
    }

    private companion object {
        val TABLES_OF_VERSION_2 = listOf("local_features", "page_picture", "item_picture")
    }
}
