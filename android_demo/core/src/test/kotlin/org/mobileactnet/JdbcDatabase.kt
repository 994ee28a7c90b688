package org.mobileactnet

import java.io.File
import java.sql.Connection
import java.sql.DriverManager
import java.sql.PreparedStatement
import java.sql.SQLException
import org.sqlite.SQLiteErrorCode
import org.sqlite.SQLiteException

/** SQLite on a computer, for tests; the file must be there. */
class JdbcDatabase(file: File) : Database {
    private val connection: Connection =
        readable { DriverManager.getConnection("jdbc:sqlite:file:${file.path}?mode=rw") }

    override fun query(sql: String, vararg arguments: Any, each: (Row) -> Unit) = readable {
        prepared(sql, arguments).use { statement ->
            val rows = statement.executeQuery()
            while (rows.next()) {
                each { column ->
                    when (val value = rows.getObject(column + 1)) {
                        is Int -> value.toLong()
                        else -> value
                    }
                }
            }
        }
    }

    override fun execute(sql: String, vararg arguments: Any?) = readable {
        prepared(sql, arguments).use { it.execute() }
        Unit
    }

    override fun <T> transaction(block: () -> T): T = readable {
        connection.autoCommit = false
        try {
            block().also { connection.commit() }
        } catch (error: Throwable) {
            connection.rollback()
            throw error
        } finally {
            connection.autoCommit = true
        }
    }

    override fun close() = connection.close()

    private fun prepared(sql: String, arguments: Array<out Any?>): PreparedStatement =
        connection.prepareStatement(sql).also { statement ->
            arguments.forEachIndexed { place, value -> statement.setObject(place + 1, value) }
        }
}

private fun <T> readable(block: () -> T): T = try {
    block()
} catch (error: SQLException) {
    throw DatabaseException(kindOf(error), error.message.orEmpty(), error)
}

private fun kindOf(error: SQLException) = when ((error as? SQLiteException)?.resultCode) {
    SQLiteErrorCode.SQLITE_FULL -> DatabaseException.Kind.FULL
    SQLiteErrorCode.SQLITE_CORRUPT -> DatabaseException.Kind.DAMAGED
    SQLiteErrorCode.SQLITE_NOTADB -> DatabaseException.Kind.NO_DATABASE
    SQLiteErrorCode.SQLITE_BUSY -> DatabaseException.Kind.BUSY
    SQLiteErrorCode.SQLITE_READONLY -> DatabaseException.Kind.READ_ONLY
    else -> DatabaseException.Kind.OTHER
}
