import Foundation

/// The statements that write a gallery.
enum GallerySchema {
    /// Returns what makes an empty gallery's tables.
    static func sql(dim: Int, storage: Storage) -> String {
        """
        PRAGMA application_id = \(GalleryFormat.applicationId);
        PRAGMA user_version = \(GalleryFormat.version);
        CREATE TABLE gallery (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            model_file TEXT NOT NULL,
            model_format TEXT NOT NULL,
            model_precision TEXT NOT NULL,
            model_sha256 TEXT NOT NULL,
            preprocessing_name TEXT NOT NULL,
            preprocessing_version INTEGER NOT NULL,
            height_px INTEGER NOT NULL,
            width_px INTEGER NOT NULL,
            dim INTEGER NOT NULL,
            storage TEXT NOT NULL CHECK (storage IN ('int8', 'float16')),
            thumbnail_side_px INTEGER NOT NULL,
            photos_path TEXT NOT NULL,
            model_path TEXT NOT NULL,
            labels TEXT NOT NULL,
            uuid TEXT NOT NULL,
            revision INTEGER NOT NULL,
            made_by TEXT NOT NULL
        );
        CREATE TABLE picture (
            id INTEGER PRIMARY KEY,
            path TEXT NOT NULL UNIQUE,
            size_bytes INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            width_px INTEGER NOT NULL,
            height_px INTEGER NOT NULL,
            label TEXT,
            scale REAL NOT NULL,
            descriptor BLOB NOT NULL CHECK (length(descriptor) = \(dim * storage.valueBytes))
        );
        CREATE TABLE thumbnail (
            picture_id INTEGER PRIMARY KEY REFERENCES picture (id) ON DELETE CASCADE,
            jpeg BLOB NOT NULL
        );
        CREATE TABLE problem (
            path TEXT PRIMARY KEY,
            reason TEXT NOT NULL,
            size_bytes INTEGER,
            mtime_ns INTEGER
        );
        CREATE TABLE approximate_index (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            revision INTEGER NOT NULL,
            sha256 TEXT NOT NULL
        );
        """
    }

    static let insertInfo = """
        INSERT INTO gallery (id, model_file, model_format, model_precision, model_sha256,
        preprocessing_name, preprocessing_version, height_px, width_px, dim, storage,
        thumbnail_side_px, photos_path, model_path, labels, uuid, revision, made_by)
        VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', ?, 0, ?)
        """

    static func values(
        _ model: GalleryModel, _ storage: Storage, _ thumbnailSidePx: Int, _ madeBy: String
    ) -> [SQLiteValue] {
        [
            .text(model.file), .text(model.format), .text(model.precision), .text(model.sha256),
            .text(model.preprocessingName), .integer(Int64(model.preprocessingVersion)),
            .integer(Int64(model.heightPx)), .integer(Int64(model.widthPx)),
            .integer(Int64(model.dim)), .text(storage.rawValue),
            .integer(Int64(thumbnailSidePx)), .text(UUID().uuidString.lowercased()),
            .text(madeBy),
        ]
    }

    static let storePicture = """
        INSERT INTO picture (path, size_bytes, mtime_ns, sha256, width_px, height_px, label,
        scale, descriptor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (path) DO UPDATE SET size_bytes = excluded.size_bytes,
        mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256, width_px = excluded.width_px,
        height_px = excluded.height_px, label = excluded.label, scale = excluded.scale,
        descriptor = excluded.descriptor RETURNING id
        """
}
