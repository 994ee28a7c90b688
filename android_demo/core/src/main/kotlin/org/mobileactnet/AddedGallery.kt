/* The gallery of what someone adds on the phone: empty at first, of the same kind as the app's own. */
package org.mobileactnet

import java.io.File
import java.io.IOException
import java.util.UUID

/** Its file, beside the app's own gallery. */
const val ADDED_FILE = "added.sqlite"

/** Whether an app's own gallery and one of this phone's photos can be searched as one. */
fun fitTogether(shipped: Gallery, added: Gallery): Boolean {
    val (one, other) = shipped.info to added.info
    return one.modelSha256 == other.modelSha256 && one.preprocessing == other.preprocessing &&
        one.dim == other.dim && one.storage == other.storage && shipped.hasLocalFeatures == added.hasLocalFeatures
}

/**
 * Puts an empty gallery at [target], with the tables, the model and the settings of another one. What was there
 * is replaced; a process that ends meanwhile leaves the old file or the new one.
 *
 * @param shipped an open gallery.
 * @param open opens an SQLite file.
 * @throws ActnetException where it cannot be stored.
 */
fun createAdded(target: File, shipped: Database, open: (File) -> Database) {
    val part = File(target.path + ".part")
    try {
        File(part.path + "-journal").delete()
        part.delete()
        if (!part.createNewFile()) throw IOException("${part.name} is in the way")
        readableErrors(target.name) { open(part).use { copyEmpty(shipped, it) } }
        // SQLite would play the journal of the old file back into the new one.
        File(target.path + "-journal").delete()
        if (!part.renameTo(target)) throw IOException("it cannot be renamed")
    } catch (error: IOException) {
        part.delete()
        throw ActnetException(
            "${target.name} cannot be made: ${error.message}; free some space and start again",
            error
        )
    }
}

private fun copyEmpty(from: Database, to: Database) {
    val marks = listOf("application_id", "user_version")
        .associateWith { mark -> from.list("PRAGMA $mark") { it[0] as Long }.single() }
    // Android has put a table of its own into both.
    val sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'android_metadata' ORDER BY rowid"
    val tables = from.list(sql) { it[0].toString() }
    to.transaction {
        marks.forEach { (mark, value) -> to.execute("PRAGMA $mark = $value") }
        tables.forEach { to.execute(it) }
        copyRows(from, to, "gallery")
        if (hasTablesOfVersion2(from)) copyRows(from, to, "setting")
        to.execute("UPDATE gallery SET uuid = ?, revision = 0", UUID.randomUUID().toString())
    }
}

private fun copyRows(from: Database, to: Database, table: String) {
    val columns = from.list("PRAGMA table_info($table)") { it[1].toString() }
    val places = columns.joinToString { "?" }
    val rows = from.list("SELECT ${columns.joinToString()} FROM $table") { row -> List(columns.size) { row[it] } }
    for (row in rows) {
        to.execute("INSERT INTO $table (${columns.joinToString()}) VALUES ($places)", *row.toTypedArray())
    }
}
