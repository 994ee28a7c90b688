package org.mobileactnet.android

import android.database.Cursor
import android.database.DatabaseErrorHandler
import android.database.sqlite.SQLiteCursor
import android.database.sqlite.SQLiteDatabase
import android.database.sqlite.SQLiteDatabaseCorruptException
import android.database.sqlite.SQLiteDatabaseLockedException
import android.database.sqlite.SQLiteException
import android.database.sqlite.SQLiteFullException
import android.database.sqlite.SQLiteProgram
import android.database.sqlite.SQLiteReadOnlyDatabaseException
import java.io.File
import org.mobileactnet.Database
import org.mobileactnet.DatabaseException
import org.mobileactnet.Row

/** Android's SQLite behind the core's interface. */
class AndroidDatabase(file: File) : Database {
    private val database: SQLiteDatabase = readable {
        // Android's own handler deletes a database that it takes for damaged.
        val keep = DatabaseErrorHandler { }
        SQLiteDatabase.openDatabase(file.path, null, SQLiteDatabase.OPEN_READWRITE, keep)
    }

    init {
        // A gallery is one file between commits; newer Androids would use a write-ahead log.
        query("PRAGMA journal_mode = DELETE") { }
        query("PRAGMA synchronous = FULL") { }
    }

    override fun query(sql: String, vararg arguments: Any, each: (Row) -> Unit) = readable {
        val factory = SQLiteDatabase.CursorFactory { _, driver, table, query ->
            arguments.forEachIndexed { place, value -> bind(query, place + 1, value) }
            SQLiteCursor(driver, table, query)
        }
        database.rawQueryWithFactory(factory, sql, null, null).use { cursor ->
            while (cursor.moveToNext()) each(Row { column -> valueOf(cursor, column) })
        }
    }

    override fun execute(sql: String, vararg arguments: Any?) = readable {
        database.execSQL(sql, arguments)
    }

    override fun <T> transaction(block: () -> T): T = readable {
        database.beginTransaction()
        try {
            block().also { database.setTransactionSuccessful() }
        } finally {
            database.endTransaction()
        }
    }

    override fun close() = database.close()
}

private fun bind(query: SQLiteProgram, place: Int, value: Any) = when (value) {
    is Long -> query.bindLong(place, value)
    is ByteArray -> query.bindBlob(place, value)
    else -> query.bindString(place, value.toString())
}

private fun valueOf(cursor: Cursor, column: Int): Any? = when (cursor.getType(column)) {
    Cursor.FIELD_TYPE_INTEGER -> cursor.getLong(column)
    Cursor.FIELD_TYPE_FLOAT -> cursor.getDouble(column)
    Cursor.FIELD_TYPE_STRING -> cursor.getString(column)
    Cursor.FIELD_TYPE_BLOB -> cursor.getBlob(column)
    else -> null
}

private fun <T> readable(block: () -> T): T = try {
    block()
} catch (error: SQLiteException) {
    throw DatabaseException(kindOf(error), error.message.orEmpty(), error)
} catch (error: IllegalStateException) {
    // Closed by another thread.
    throw DatabaseException(DatabaseException.Kind.BUSY, error.message.orEmpty(), error)
}

private fun kindOf(error: SQLiteException): DatabaseException.Kind = when (error) {
    is SQLiteFullException -> DatabaseException.Kind.FULL

    is SQLiteDatabaseCorruptException ->
        // Android has one class for both; the text has SQLite's own code.
        if ("code 26" in error.message.orEmpty()) {
            DatabaseException.Kind.NO_DATABASE
        } else {
            DatabaseException.Kind.DAMAGED
        }

    is SQLiteDatabaseLockedException -> DatabaseException.Kind.BUSY

    is SQLiteReadOnlyDatabaseException -> DatabaseException.Kind.READ_ONLY

    else -> DatabaseException.Kind.OTHER
}
