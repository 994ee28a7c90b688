import Foundation

/// Where a gallery lies.
public enum GalleryPlace: Sendable {
    /// In the app's bundle, which nobody writes.
    case bundle
    /// In a folder of the app, which it writes; what a killed writer left is rolled back.
    case folder
}

/// An open gallery, for one thread at a time.
public final class GalleryReader {
    private let connection: SQLiteConnection
    private let name: String
    /// What it was made by.
    public let info: GalleryInfo
    private let settings: GallerySettings?
    /// Whether pictures have local features, so that hits can be verified.
    public var hasLocalFeatures: Bool { settings?.hasLocalFeatures ?? false }
    /// The certainty from which a hit is an answer, as the gallery was calibrated.
    public var verifiedFrom: Double { settings?.verifiedFrom ?? VerifiedHit.verifiedFrom }

    /// Opens a gallery; see docs/gallery.md for what is refused.
    ///
    /// - Parameters:
    ///   - place: who may write it.
    ///   - model: what will describe queries. A gallery of another model is refused.
    public init(_ url: URL, place: GalleryPlace, describedBy model: GalleryModel) throws {
        let name = url.lastPathComponent
        self.name = name
        connection = try GalleryReader.open(url, place)
        let connection = connection
        (info, settings) = try GalleryFormat.readable(name) {
            try connection.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            try GalleryFormat.checkMarks(connection, name)
            try GalleryFormat.checkTables(connection, name)
            try connection.execute("PRAGMA query_only = ON")
            return (
                try GalleryFormat.readInfo(connection, name),
                try GalleryFormat.readSettings(connection, name)
            )
        }
        try info.model.check(isThatOf: name, describedBy: model)
    }

    private static func open(_ url: URL, _ place: GalleryPlace) throws -> SQLiteConnection {
        let name = url.lastPathComponent
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw GalleryError.missing(name)
        }
        guard !isFolder.boolValue else { throw GalleryError.notAGallery(name, isSQLite: false) }
        let journal = url.path + "-journal"
        if place == .bundle, FileManager.default.fileExists(atPath: journal) {
            // Nothing may be written here, so it cannot be rolled back.
            throw GalleryError.unfinished(name)
        }
        let query = place == .bundle ? "mode=ro&immutable=1" : "mode=rw"
        return try GalleryFormat.readable(name) {
            try SQLiteConnection(path: url.path, query: query)
        }
    }

    /// Number of pictures.
    public func count() throws -> Int {
        Int(try number("SELECT count(*) FROM picture"))
    }

    /// Number of pictures, and of different labels.
    public func counts() throws -> GalleryCounts {
        GalleryCounts(
            pictures: try count(),
            labels: Int(try number("SELECT count(DISTINCT label) FROM picture")))
    }

    /// Grows with every change of pictures.
    public func revision() throws -> Int64 {
        try number("SELECT revision FROM gallery")
    }

    /// Reads all descriptors into one matrix.
    public func load() throws -> Database {
        var rows = StoredDescriptorsBuilder(dim: info.model.dim, storage: info.storage)
        let ids = try load(into: &rows)
        return Database(ids: ids, stored: rows.build())
    }

    /// Adds all descriptors to a matrix; returns their pictures' ids.
    func load(into rows: inout StoredDescriptorsBuilder) throws -> [Int64] {
        var ids: [Int64] = []
        try run("SELECT id, scale, descriptor FROM picture ORDER BY id") { row in
            guard let id = row.integer(0), let scale = row.real(1), let blob = row.blob(2),
                rows.append(blob, scale: scale)
            else { throw GalleryError.badDescriptor(name, dim: info.model.dim) }
            ids.append(id)
        }
        guard zip(ids, ids.dropFirst()).allSatisfy(<) else {
            throw damaged("its pictures are not in order")
        }
        return ids
    }

    /// Looks a picture up; nil where it has gone.
    public func picture(_ id: Int64) throws -> GalleryPicture? {
        try pictures("WHERE id = ?", [.integer(id)]).first
    }

    /// Returns the number of the picture of a path; nil where it has gone.
    public func id(ofPath path: String) throws -> Int64? {
        var pictureId: Int64?
        try run("SELECT id FROM picture WHERE path = ?", [.text(path)]) {
            pictureId = $0.integer(0)
        }
        return pictureId
    }

    /// Returns pictures in the order of ids, those above `after`.
    public func pictures(after: Int64 = .min, limit: Int) throws -> [GalleryPicture] {
        try pictures("WHERE id > ? ORDER BY id LIMIT ?", [.integer(after), .integer(Int64(limit))])
    }

    /// Returns the pictures that came last, the newest first.
    public func latest(_ limit: Int) throws -> [GalleryPicture] {
        try pictures(with: "", limit: limit)
    }

    /// Returns pictures whose label, path or item's title has `words`, the newest first.
    ///
    /// - Parameter words: all pictures where it is empty.
    public func pictures(
        with words: String, limit: Int, offset: Int = 0
    ) throws -> [GalleryPicture] {
        let (clause, values) = search(words)
        return try pictures(
            clause + " ORDER BY id DESC LIMIT ? OFFSET ?",
            values + [.integer(Int64(limit)), .integer(Int64(offset))])
    }

    /// Number of pictures that have `words` so.
    public func count(with words: String) throws -> Int {
        let (clause, values) = search(words)
        return Int(try number("SELECT count(*) FROM picture \(clause)", values))
    }

    private func search(_ words: String) -> (clause: String, values: [SQLiteValue]) {
        let trimmed = words.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty else { return ("", []) }
        let escaped = trimmed.map { "!%_".contains($0) ? "!\($0)" : String($0) }.joined()
        let pattern = SQLiteValue.text("%\(escaped)%")
        let own = "WHERE label LIKE ? ESCAPE '!' OR path LIKE ? ESCAPE '!'"
        guard settings != nil else { return (own, [pattern, pattern]) }
        let items = """
             OR id IN (SELECT picture_id FROM item_picture JOIN item_field USING (item_id)
            WHERE name IN ('title', 'maker') AND value LIKE ? ESCAPE '!')
            """
        return (own + items, [pattern, pattern, pattern])
    }

    /// Returns a picture's thumbnail, a JPEG file; nil where there is none.
    public func thumbnail(_ id: Int64) throws -> Data? {
        try jpeg("thumbnail", id)
    }

    /// Returns a larger JPEG file for an item's page; nil where there is none, as in version 1.
    public func pagePicture(_ id: Int64) throws -> Data? {
        settings == nil ? nil : try jpeg("page_picture", id)
    }

    private func jpeg(_ table: String, _ id: Int64) throws -> Data? {
        var bytes: Data?
        try run("SELECT jpeg FROM \(table) WHERE picture_id = ?", [.integer(id)]) { row in
            bytes = row.blob(0).map { Data($0) }
        }
        return bytes
    }

    /// Returns a picture's local features; nil where it has none, as in galleries of version 1.
    public func localFeatures(_ id: Int64) throws -> LocalFeatures? {
        guard hasLocalFeatures else { return nil }
        var stored: LocalFeatures?
        let sql = "SELECT width_px, height_px, features FROM local_features WHERE picture_id = ?"
        try run(sql, [.integer(id)]) { row in
            guard let width = row.integer(0), let height = row.integer(1), let blob = row.blob(2),
                let features = LocalFeatures(
                    widthPx: Int(width), heightPx: Int(height), bytes: [UInt8](blob))
            else { throw damaged("a picture's local features cannot be") }
            stored = features
        }
        return stored
    }

    /// Returns what the catalogue says of a picture; nil where it says nothing, as in version 1.
    public func item(ofPicture id: Int64) throws -> GalleryItem? {
        guard settings != nil else { return nil }
        var found: (id: Int64, name: String)?
        let sql = """
            SELECT item.id, item.name FROM item JOIN item_picture ON item.id = item_id
            WHERE picture_id = ?
            """
        try run(sql, [.integer(id)]) { row in
            guard let item = row.integer(0), let name = row.text(1) else {
                throw damaged("an item has no name")
            }
            found = (item, name)
        }
        guard let found else { return nil }
        var fields: [String: [String: String]] = [:]
        let values = "SELECT language, name, value FROM item_field WHERE item_id = ?"
        try run(values, [.integer(found.id)]) { row in
            guard let language = row.text(0), let name = row.text(1), let value = row.text(2) else {
                throw damaged("a field of an item is not text")
            }
            fields[language, default: [:]][name] = value
        }
        return GalleryItem(name: found.name, fields: fields)
    }

    /// Returns each photo that could not be read.
    public func problems() throws -> [GalleryProblem] {
        var rows: [GalleryProblem] = []
        try run("SELECT path, reason FROM problem ORDER BY path") { row in
            rows.append(GalleryProblem(path: row.text(0) ?? "", reason: row.text(1) ?? ""))
        }
        return rows
    }

    private func pictures(_ clause: String, _ values: [SQLiteValue]) throws -> [GalleryPicture] {
        var entries: [GalleryPicture] = []
        let columns = "id, path, label, width_px, height_px"
        try run("SELECT \(columns) FROM picture \(clause)", values) { row in
            guard let id = row.integer(0), let path = row.text(1), let width = row.integer(3),
                let height = row.integer(4)
            else { throw damaged("a picture has no path or size") }
            guard GalleryFormat.staysBelow(path) else {
                throw damaged("a path leads out of the folder of photos")
            }
            entries.append(
                GalleryPicture(
                    id: id, path: path, label: row.text(2), widthPx: Int(width),
                    heightPx: Int(height)))
        }
        return entries
    }

    private func number(_ sql: String, _ values: [SQLiteValue] = []) throws -> Int64 {
        var value: Int64?
        try run(sql, values) { value = $0.integer(0) }
        guard let value else { throw damaged("a number is missing") }
        return value
    }

    private func run(
        _ sql: String, _ values: [SQLiteValue] = [], row: (SQLiteRow) throws -> Void
    ) throws {
        try GalleryFormat.readable(name) { try connection.run(sql, values, row: row) }
    }

    private func damaged(_ reason: String) -> GalleryError {
        .damaged(name, reason: reason)
    }
}
