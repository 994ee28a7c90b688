import Foundation

/// A photo ready to be stored.
public struct DescribedPhoto: Sendable {
    /// Names the photo in the gallery, with slashes; unique.
    public let path: String
    public let sizeBytes: Int64
    public let mtimeNs: Int64
    /// Of the photo's file, 32 bytes.
    public let sha256: Data
    /// Upright.
    public let widthPx: Int
    public let heightPx: Int
    /// What is shown; nil where nothing is known.
    public let label: String?
    /// From the gallery's model, of length 1.
    public let descriptor: [Float]
    /// A JPEG file, upright.
    public let thumbnail: Data?
    /// nil where the gallery has none.
    public let features: LocalFeatures?

    public init(
        path: String, sizeBytes: Int64, mtimeNs: Int64, sha256: Data, widthPx: Int, heightPx: Int,
        label: String?, descriptor: [Float], thumbnail: Data?, features: LocalFeatures? = nil
    ) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.mtimeNs = mtimeNs
        self.sha256 = sha256
        self.widthPx = widthPx
        self.heightPx = heightPx
        self.label = label
        self.descriptor = descriptor
        self.thumbnail = thumbnail
        self.features = features
    }
}

/// A gallery open for writing, for one thread at a time.
///
/// Every change is one transaction with a rollback journal: killed at any moment, or with the disk
/// full, the gallery holds all that was committed. Opening rolls back what a killed writer left.
public final class GalleryWriter {
    private let connection: SQLiteConnection
    private let name: String
    /// What it was made by.
    public let info: GalleryInfo
    /// Tables with what a photo's old content gave; a new content must not inherit it.
    private let tablesOfContent: [String]

    /// Opens a gallery.
    ///
    /// - Parameter model: what described the photos. A gallery of another model is refused.
    public init(_ url: URL, describedBy model: GalleryModel) throws {
        name = url.lastPathComponent
        // The reader's checks are the writer's too.
        info = try GalleryReader(url, place: .folder, describedBy: model).info
        connection = try GalleryFormat.readable(name) { [name] in
            let connection = try SQLiteConnection(path: url.path, query: "mode=rw")
            try connection.execute(
                """
                PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;
                PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL
                """)
            try GalleryFormat.checkMarks(connection, name)
            return connection
        }
        tablesOfContent = try GalleryFormat.readable(name) { [connection] in
            try GalleryFormat.hasTablesOfVersion2(connection)
                ? ["thumbnail", "local_features", "page_picture"] : ["thumbnail"]
        }
    }

    /// Puts an empty gallery in place, or nothing; one that is there already is replaced.
    public static func create(
        at url: URL, model: GalleryModel, storage: Storage, thumbnailSidePx: Int, madeBy: String
    ) throws {
        let name = url.lastPathComponent
        let staged = url.deletingLastPathComponent()
            .appendingPathComponent(".\(UUID().uuidString).actnet")
        defer { try? FileManager.default.removeItem(at: staged) }
        try GalleryFormat.readable(name) {
            let connection = try SQLiteConnection(path: staged.path, query: "mode=rwc")
            try connection.execute("PRAGMA synchronous = FULL; BEGIN")
            try connection.execute(GallerySchema.sql(dim: model.dim, storage: storage))
            try connection.run(
                GallerySchema.insertInfo,
                GallerySchema.values(model, storage, thumbnailSidePx, madeBy))
            try connection.execute("COMMIT")
        }
        // A journal of the gallery before would be played back into the new one.
        try? FileManager.default.removeItem(atPath: url.path + "-journal")
        guard rename(staged.path, url.path) == 0 else {
            throw GalleryError.notWritable(name, reason: String(cString: strerror(errno)))
        }
    }

    /// Adds photos, or puts their new content in the place of the old one: all of them or none.
    ///
    /// - Returns: their numbers.
    @discardableResult
    public func store(_ photos: [DescribedPhoto]) throws -> [Int64] {
        try transaction {
            let ids = try photos.map(store)
            if !ids.isEmpty { try advance() }
            return ids
        }
    }

    /// Notes why a photo is not in the gallery; an older content of it goes out.
    public func noteProblem(path: String, reason: String) throws {
        try transaction {
            try connection.run("DELETE FROM picture WHERE path = ?", [.text(path)])
            try connection.run(
                "INSERT OR REPLACE INTO problem (path, reason) VALUES (?, ?)",
                [.text(path), .text(reason)])
            try advance()
        }
    }

    /// Takes pictures out; numbers that are not there are passed over.
    public func delete(_ ids: [Int64]) throws {
        try transaction {
            for id in ids {
                try connection.run("DELETE FROM picture WHERE id = ?", [.integer(id)])
            }
            try advance()
        }
    }

    /// Takes the picture of a path out, or its problem; nothing is lost where it has gone already.
    public func delete(path: String) throws {
        try transaction {
            try connection.run("DELETE FROM picture WHERE path = ?", [.text(path)])
            try connection.run("DELETE FROM problem WHERE path = ?", [.text(path)])
            try advance()
        }
    }

    /// Gives the picture of a path another label; nil takes it away.
    public func setLabel(_ label: String?, ofPath path: String) throws {
        try transaction {
            try connection.run(
                "UPDATE picture SET label = ? WHERE path = ?",
                [label.map(SQLiteValue.text) ?? .null, .text(path)])
            try advance()
        }
    }

    /// Keeps the file from growing, so that a test sees a full disk.
    func limitPages() throws {
        try connection.execute("PRAGMA max_page_count = 1")
    }

    /// Does not wait for another writer, so that a test need not.
    func limitWaiting() throws {
        try connection.execute("PRAGMA busy_timeout = 0")
    }

    private func store(_ photo: DescribedPhoto) throws -> Int64 {
        let dim = info.model.dim
        guard photo.descriptor.count == dim else {
            throw DescriptorError.otherDim(photo.descriptor.count, expected: dim)
        }
        let stored = try StoredDescriptors(photo.descriptor, as: info.storage)
        let label = photo.label.map(SQLiteValue.text) ?? .null
        var id: Int64 = 0
        try connection.run(
            GallerySchema.storePicture,
            [
                .text(photo.path), .integer(photo.sizeBytes), .integer(photo.mtimeNs),
                .blob([UInt8](photo.sha256)), .integer(Int64(photo.widthPx)),
                .integer(Int64(photo.heightPx)), label, .real(stored.scales[0]),
                .blob(stored.blob),
            ]
        ) { id = $0.integer(0) ?? 0 }
        for table in tablesOfContent {
            try connection.run("DELETE FROM \(table) WHERE picture_id = ?", [.integer(id)])
        }
        if let thumbnail = photo.thumbnail {
            try connection.run(
                "INSERT INTO thumbnail VALUES (?, ?)", [.integer(id), .blob([UInt8](thumbnail))])
        }
        if let features = photo.features {
            try connection.run(
                """
                INSERT INTO local_features (picture_id, width_px, height_px, features)
                VALUES (?, ?, ?, ?)
                """,
                [
                    .integer(id), .integer(Int64(features.widthPx)),
                    .integer(Int64(features.heightPx)), .blob(features.bytes),
                ])
        }
        try connection.run("DELETE FROM problem WHERE path = ?", [.text(photo.path)])
        return id
    }

    private func advance() throws {
        try connection.execute("UPDATE gallery SET revision = revision + 1")
    }

    private func transaction<T>(_ body: () throws -> T) throws -> T {
        try GalleryFormat.readable(name) {
            try connection.execute("BEGIN IMMEDIATE")
            do {
                let result = try body()
                try connection.execute("COMMIT")
                return result
            } catch {
                // After a full disk SQLite has rolled back by itself.
                try? connection.execute("ROLLBACK")
                throw error
            }
        }
    }
}
