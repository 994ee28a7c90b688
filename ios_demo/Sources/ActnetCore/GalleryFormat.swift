import Foundation

/// What made a gallery's descriptors; a search must use the same.
public struct GalleryModel: Equatable, Sendable {
    public let file: String
    public let format: String
    public let precision: String
    public let sha256: String
    public let preprocessingName: String
    public let preprocessingVersion: Int
    public let heightPx: Int
    public let widthPx: Int
    public let dim: Int
}

extension GalleryModel {
    /// Returns the model that an artefact's manifest describes.
    public init(_ manifest: Manifest) {
        self.init(
            file: manifest.artefact.file, format: manifest.format, precision: manifest.precision,
            sha256: manifest.artefact.sha256, preprocessingName: manifest.preprocessing.name,
            preprocessingVersion: manifest.preprocessing.version,
            heightPx: manifest.preprocessing.height, widthPx: manifest.preprocessing.width,
            dim: manifest.output.dim)
    }

    /// Throws where the model that describes queries is another one than the gallery's.
    ///
    /// Names, format and precision follow from the hash.
    func check(isThatOf gallery: String, describedBy model: GalleryModel) throws {
        let pairs = [
            ("model_sha256", sha256, model.sha256),
            ("preprocessing_name", preprocessingName, model.preprocessingName),
            ("preprocessing_version", "\(preprocessingVersion)", "\(model.preprocessingVersion)"),
            ("height_px", "\(heightPx)", "\(model.heightPx)"),
            ("width_px", "\(widthPx)", "\(model.widthPx)"),
            ("dim", "\(dim)", "\(model.dim)"),
        ]
        for (field, theirs, ours) in pairs where theirs != ours {
            throw GalleryError.otherModel(gallery, field: field, theirs: theirs, ours: ours)
        }
    }
}

/// The one row of the table `gallery`, as far as an app needs it.
public struct GalleryInfo: Equatable, Sendable {
    public let model: GalleryModel
    public let storage: Storage
    /// Longest side of thumbnails; 0 where there are none.
    public let thumbnailSidePx: Int
    /// Names this gallery; another build has another one.
    public let uuid: String
    /// Name and version of the program that made it.
    public let madeBy: String
}

/// A row of the table `picture` without its descriptor.
public struct GalleryPicture: Equatable, Sendable, Identifiable {
    public let id: Int64
    /// Relative to the folder of photos, with slashes.
    public let path: String
    /// What is shown; nil where nothing is known.
    public let label: String?
    public let widthPx: Int
    public let heightPx: Int

    /// What to show a person: the label, or the file's name.
    public var title: String { label ?? path.split(separator: "/").last.map(String.init) ?? path }
}

/// A thing of the catalogue, which one or more pictures show.
public struct GalleryItem: Equatable, Sendable {
    /// Tells it from others.
    public let name: String
    /// By language, then by name (`title`, `maker`, ...); the language is empty where none is named.
    public let fields: [String: [String: String]]

    /// Returns a field in a language, or else without one, in English, or in any; nil where there is none.
    public func text(_ field: String, _ language: String) -> String? {
        for key in [language, "", "en"] + fields.keys.sorted() {
            let text = fields[key]?[field] ?? ""
            if !text.allSatisfy(\.isWhitespace) { return text }
        }
        return nil
    }
}

/// What version 2 says in its table `setting`, as far as an app needs it.
struct GallerySettings: Equatable {
    let hasLocalFeatures: Bool
    let verifiedFrom: Double
}

/// How much is in a gallery.
public struct GalleryCounts: Equatable, Sendable {
    public let pictures: Int
    /// Different ones; pictures without a label count for none.
    public let labels: Int
}

/// A row of the table `problem`: a photo that could not be described, and why.
public struct GalleryProblem: Equatable, Sendable {
    public let path: String
    public let reason: String
}

/// Marks and tables of a gallery; docs/gallery.md describes them.
public enum GalleryFormat {
    /// The letters ACTG.
    public static let applicationId = 0x4143_5447
    /// `user_version` that this app writes.
    public static let version = 1
    /// Those that it reads; version 2 adds tables, and the others stay as they are.
    public static let readableVersions: ClosedRange<Int64> = 1...2
    static let dims = 1...65536

    /// Holds the marks of an open file against the format.
    static func checkMarks(_ connection: SQLiteConnection, _ name: String) throws {
        guard try number(connection, "PRAGMA application_id") == Int64(applicationId) else {
            throw GalleryError.notAGallery(name, isSQLite: true)
        }
        let userVersion = try number(connection, "PRAGMA user_version") ?? 0
        guard readableVersions.contains(userVersion) else {
            throw GalleryError.otherVersion(name, version: Int(userVersion))
        }
    }

    /// Refuses a schema that computes something: a view in the place of a table may never end.
    static func checkTables(_ connection: SQLiteConnection, _ name: String) throws {
        try connection.run("SELECT type, name, sql FROM sqlite_master") { row in
            let sql = (row.text(2) ?? "").uppercased()
            let type = row.text(0)
            guard type == "index" || (type == "table" && sql.hasPrefix("CREATE TABLE")) else {
                let told = (row.text(1) ?? "").prefix(40)
                throw GalleryError.damaged(
                    name, reason: "it holds \(told), which is not a plain table")
            }
        }
    }

    /// Tells whether a picture's path stays below the folder of photos.
    static func staysBelow(_ path: String) -> Bool {
        !path.contains("\0")
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { !["", ".", ".."].contains($0) }
    }

    /// Reads the one row of the table `gallery`.
    static func readInfo(_ connection: SQLiteConnection, _ name: String) throws -> GalleryInfo {
        var rows: [GalleryInfo?] = []
        try connection.run(
            """
            SELECT model_file, model_format, model_precision, model_sha256, preprocessing_name,
            preprocessing_version, height_px, width_px, dim, storage, thumbnail_side_px, uuid,
            made_by FROM gallery LIMIT 2
            """
        ) { rows.append(info($0)) }
        guard rows.count == 1, let info = rows.first ?? nil else {
            throw GalleryError.malformed(name)
        }
        return info
    }

    /// Reads the table `setting`; nil where the gallery is of version 1, which has none.
    static func readSettings(
        _ connection: SQLiteConnection, _ name: String
    ) throws -> GallerySettings? {
        guard try hasTablesOfVersion2(connection) else { return nil }
        var values: [String: String] = [:]
        try connection.run("SELECT name, value FROM setting") { row in
            if let name = row.text(0) { values[name] = row.text(1) }
        }
        let kind = values["local_features"] ?? ""
        guard kind.isEmpty || kind == LocalFeatures.kind else {
            throw GalleryError.otherLocalFeatures(name, kind: kind)
        }
        let least = values["verified_from"].flatMap(Double.init) ?? 0
        return GallerySettings(
            hasLocalFeatures: !kind.isEmpty,
            verifiedFrom: least > 0 && least.isFinite ? least : VerifiedHit.verifiedFrom)
    }

    static func hasTablesOfVersion2(_ connection: SQLiteConnection) throws -> Bool {
        try number(connection, "PRAGMA user_version") ?? 0 >= 2
    }

    private static func info(_ row: SQLiteRow) -> GalleryInfo? {
        guard let file = row.text(0), let format = row.text(1), let precision = row.text(2),
            let sha256 = row.text(3), let name = row.text(4), let version = row.integer(5),
            let height = row.integer(6), let width = row.integer(7), let dim = row.integer(8),
            dims.contains(Int(dim)), let storage = row.text(9).flatMap(Storage.init),
            let side = row.integer(10), let uuid = row.text(11), let madeBy = row.text(12)
        else { return nil }
        let model = GalleryModel(
            file: file, format: format, precision: precision, sha256: sha256,
            preprocessingName: name, preprocessingVersion: Int(version), heightPx: Int(height),
            widthPx: Int(width), dim: Int(dim))
        return GalleryInfo(
            model: model, storage: storage, thumbnailSidePx: Int(side), uuid: uuid,
            madeBy: madeBy)
    }

    private static func number(_ connection: SQLiteConnection, _ sql: String) throws -> Int64? {
        var value: Int64?
        try connection.run(sql) { value = $0.integer(0) }
        return value
    }

    /// Turns SQLite's errors into a gallery's.
    static func readable<T>(_ name: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw galleryError(name, error)
        }
    }

    private static func galleryError(_ name: String, _ error: SQLiteError) -> GalleryError {
        switch error.code {
        case SQLiteCode.busy: .busy(name)
        case SQLiteCode.full: .full(name)
        case SQLiteCode.notADatabase: .notAGallery(name, isSQLite: false)
        case SQLiteCode.readOnly: .notWritable(name, reason: "file or folder is read-only")
        case SQLiteCode.cannotOpen: .notWritable(name, reason: "it cannot be opened")
        case SQLiteCode.inputOutput: .notWritable(name, reason: "disk error")
        default: .damaged(name, reason: error.message)
        }
    }
}
