import Foundation

#if canImport(SQLite3)
    import SQLite3
#else
    import CSQLite
#endif

/// What SQLite says went wrong.
struct SQLiteError: Error, Equatable {
    /// The primary result code.
    let code: Int32
    let message: String
}

/// A value of a column or parameter.
enum SQLiteValue: Equatable {
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
    case null
}

/// A connection to an SQLite file, for one thread at a time; closed when it goes.
final class SQLiteConnection {
    private static let busyTimeoutMs: Int32 = 10_000
    private let handle: OpaquePointer

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: of a file that exists, unless `query` has `mode=rwc`.
    ///   - query: what stands behind the `?` of SQLite's file URI.
    init(path: String, query: String) throws {
        var allowed = CharacterSet.urlPathAllowed
        allowed.remove(charactersIn: "?#%;")
        let escaped = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? path
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI
        var opened: OpaquePointer?
        let code = sqlite3_open_v2("file:\(escaped)?\(query)", &opened, flags, nil)
        guard let opened, code == SQLITE_OK else {
            let error = Self.error(opened, code)
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        sqlite3_busy_timeout(opened, Self.busyTimeoutMs)
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw Self.error(handle, code) }
    }

    /// Runs a statement with values in the places of its `?`.
    ///
    /// - Parameter row: called for each row of the result; a row is valid during the call.
    func run(
        _ sql: String, _ values: [SQLiteValue] = [], row: (SQLiteRow) throws -> Void = { _ in }
    ) throws {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        guard let prepared, code == SQLITE_OK else { throw Self.error(handle, code) }
        defer { sqlite3_finalize(prepared) }
        for (place, value) in values.enumerated() {
            try bind(value, to: prepared, place: Int32(place + 1))
        }
        while true {
            let code = sqlite3_step(prepared)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw Self.error(handle, code) }
            try row(SQLiteRow(statement: prepared))
        }
    }

    private func bind(_ value: SQLiteValue, to statement: OpaquePointer, place: Int32) throws {
        // SQLite copies what it is given.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let code =
            switch value {
            case .integer(let number): sqlite3_bind_int64(statement, place, number)
            case .real(let number): sqlite3_bind_double(statement, place, number)
            case .text(let text): sqlite3_bind_text(statement, place, text, -1, copied)
            case .blob(let bytes):
                sqlite3_bind_blob(statement, place, bytes, Int32(bytes.count), copied)
            case .null: sqlite3_bind_null(statement, place)
            }
        if code != SQLITE_OK { throw Self.error(handle, code) }
    }

    private static func error(_ handle: OpaquePointer?, _ code: Int32) -> SQLiteError {
        let message = sqlite3_errmsg(handle).map { String(cString: $0) } ?? "unknown"
        return SQLiteError(code: code & 0xFF, message: message)
    }
}

/// A row of a result.
struct SQLiteRow {
    fileprivate let statement: OpaquePointer

    /// Returns a column as it is stored.
    func value(_ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
        case SQLITE_TEXT: .text(text(column) ?? "")
        case SQLITE_BLOB: .blob(blob(column).map { [UInt8]($0) } ?? [])
        default: .null
        }
    }

    /// Returns an integer; nil where the column holds another kind.
    func integer(_ column: Int32) -> Int64? {
        sqlite3_column_type(statement, column) == SQLITE_INTEGER
            ? sqlite3_column_int64(statement, column) : nil
    }

    /// Returns a number; nil where the column holds another kind.
    func real(_ column: Int32) -> Double? {
        let kind = sqlite3_column_type(statement, column)
        return kind == SQLITE_FLOAT || kind == SQLITE_INTEGER
            ? sqlite3_column_double(statement, column) : nil
    }

    /// Returns text; nil where the column holds another kind.
    func text(_ column: Int32) -> String? {
        guard sqlite3_column_type(statement, column) == SQLITE_TEXT,
            let bytes = sqlite3_column_text(statement, column)
        else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Returns the bytes of a blob, valid until the next row; nil where the column holds no blob.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer? {
        guard sqlite3_column_type(statement, column) == SQLITE_BLOB else { return nil }
        let bytes = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(
            start: bytes, count: Int(sqlite3_column_bytes(statement, column)))
    }
}

/// The codes that callers tell apart.
enum SQLiteCode {
    static let busy = SQLITE_BUSY
    static let full = SQLITE_FULL
    static let readOnly = SQLITE_READONLY
    static let cannotOpen = SQLITE_CANTOPEN
    static let notADatabase = SQLITE_NOTADB
    static let inputOutput = SQLITE_IOERR
}
