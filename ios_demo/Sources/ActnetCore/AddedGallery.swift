import Foundation

/// The gallery of what someone adds on the phone: empty at first, of the same kind as the app's own.
public enum AddedGallery {
    /// Puts an empty gallery in place, with the tables, model and settings of another one.
    ///
    /// One that is there already is replaced; killed meanwhile, the old file is left or the new one.
    ///
    /// - Parameter shipped: a gallery that nobody writes.
    public static func create(at url: URL, like shipped: URL) throws {
        let name = url.lastPathComponent
        let staged = url.deletingLastPathComponent()
            .appendingPathComponent(".\(UUID().uuidString).actnet")
        defer { try? FileManager.default.removeItem(at: staged) }
        try GalleryFormat.readable(name) {
            let from = try SQLiteConnection(path: shipped.path, query: "mode=ro&immutable=1")
            let to = try SQLiteConnection(path: staged.path, query: "mode=rwc")
            try copyEmpty(from, to)
        }
        // A journal of the gallery before would be played back into the new one.
        try? FileManager.default.removeItem(atPath: url.path + "-journal")
        guard rename(staged.path, url.path) == 0 else {
            throw GalleryError.notWritable(name, reason: String(cString: strerror(errno)))
        }
    }

    private static func copyEmpty(_ from: SQLiteConnection, _ to: SQLiteConnection) throws {
        try to.execute("PRAGMA synchronous = FULL; BEGIN")
        for mark in ["application_id", "user_version"] {
            try from.run("PRAGMA \(mark)") {
                try to.execute("PRAGMA \(mark) = \($0.integer(0) ?? 0)")
            }
        }
        let tables = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
        try from.run(tables) { try to.execute($0.text(0) ?? "") }
        try copyRows(from, to, "gallery")
        if try GalleryFormat.hasTablesOfVersion2(from) { try copyRows(from, to, "setting") }
        try to.run(
            "UPDATE gallery SET uuid = ?, revision = 0", [.text(UUID().uuidString.lowercased())])
        try to.execute("COMMIT")
    }

    private static func copyRows(
        _ from: SQLiteConnection, _ to: SQLiteConnection, _ table: String
    ) throws {
        var columns: [String] = []
        try from.run("PRAGMA table_info(\(table))") { columns.append($0.text(1) ?? "") }
        let names = columns.joined(separator: ", ")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        try from.run("SELECT \(names) FROM \(table)") { row in
            let values = columns.indices.map { row.value(Int32($0)) }
            try to.run("INSERT INTO \(table) (\(names)) VALUES (\(places))", values)
        }
    }
}
