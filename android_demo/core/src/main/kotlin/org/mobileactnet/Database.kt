package org.mobileactnet

import java.io.Closeable

/**
 * An open SQLite database. On the phone Android's own is behind it, in tests on a computer JDBC.
 *
 * Every call throws [DatabaseException] where SQLite does.
 */
interface Database : Closeable {
    /** Runs a query and hands over its rows one by one; arguments are Long, String or ByteArray. */
    fun query(sql: String, vararg arguments: Any, each: (Row) -> Unit)

    /** Runs a statement; arguments are Long, Double, String, ByteArray or null. */
    fun execute(sql: String, vararg arguments: Any?)

    /** Commits all that happens in [block], or nothing of it if it throws. */
    fun <T> transaction(block: () -> T): T
}

/** A row of a query's answer; valid until the next one. */
fun interface Row {
    /** A column's value as it is stored: Long, Double, String, ByteArray or null. */
    operator fun get(column: Int): Any?
}

/** What SQLite refused to do. */
class DatabaseException(val kind: Kind, message: String, cause: Throwable) : Exception(message, cause) {
    /** What a user can act on. */
    enum class Kind { FULL, DAMAGED, NO_DATABASE, BUSY, READ_ONLY, OTHER }
}

/** All rows of a query, each made into something. */
fun <T> Database.list(sql: String, vararg arguments: Any, make: (Row) -> T): List<T> {
    val values = mutableListOf<T>()
    query(sql, *arguments) { values += make(it) }
    return values
}

/** Turns SQLite's errors into sentences about a gallery. */
internal inline fun <T> readableErrors(gallery: String, block: () -> T): T = try {
    block()
} catch (error: DatabaseException) {
    throw GalleryException("$gallery ${sentence(error)}", error)
}

private fun sentence(error: DatabaseException): String = when (error.kind) {
    DatabaseException.Kind.FULL ->
        "cannot be written: the storage is full. What was stored is safe; free some space and go on"

    DatabaseException.Kind.DAMAGED ->
        "is damaged; put the gallery that came with the app back, or build it again"

    DatabaseException.Kind.NO_DATABASE ->
        "is not a gallery: it is not an SQLite file; give one that actnet-index made"

    DatabaseException.Kind.BUSY -> "is in use; try again"

    DatabaseException.Kind.READ_ONLY -> "cannot be written: it or its folder is read-only"

    DatabaseException.Kind.OTHER -> "cannot be used: ${error.message}"
}
