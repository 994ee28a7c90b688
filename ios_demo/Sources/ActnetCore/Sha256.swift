import Foundation

#if canImport(CryptoKit)
    import CryptoKit
#endif

/// SHA-256 of files and of folders, as manifests and galleries state it.
public enum Sha256 {
    private static let chunkBytes = 1 << 20

    /// Returns the hash of some bytes, 32 bytes.
    public static func bytes(of data: Data) -> Data {
        var hash = makeHash()
        hash.update(data: data)
        return Data(hash.finalize())
    }

    /// Returns the hash of some bytes, lower-case hex.
    public static func hex(of data: Data) -> String {
        hex(bytes(of: data))
    }

    /// Returns the hash of a file, or of a folder's files, lower-case hex.
    ///
    /// A folder's is that of one text: for each file in the order of relative paths, compared by
    /// code points, the line "SHA-256 of the file, two spaces, relative path".
    public static func hex(ofFileOrFolder url: URL) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw CocoaError(.fileReadNoSuchFile)
        }
        guard isFolder.boolValue else { return try hex(ofFile: url) }
        let lines = try files(below: url).map { path in
            "\(try hex(ofFile: url.appendingPathComponent(path)))  \(path)\n"
        }
        return hex(of: Data(lines.joined().utf8))
    }

    private static func hex(ofFile url: URL) throws -> String {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hash = makeHash()
        while let chunk = try file.read(upToCount: chunkBytes), !chunk.isEmpty {
            hash.update(data: chunk)
        }
        return hex(Data(hash.finalize()))
    }

    private static func hex(_ bytes: Data) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    private static func files(below folder: URL) throws -> [String] {
        let manager = FileManager.default
        return try manager.subpathsOfDirectory(atPath: folder.path)
            .filter { path in
                var isFolder: ObjCBool = false
                let found = manager.fileExists(
                    atPath: folder.appendingPathComponent(path).path, isDirectory: &isFolder)
                return found && !isFolder.boolValue
            }
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }

    #if canImport(CryptoKit)
        private static func makeHash() -> CryptoKit.SHA256 { CryptoKit.SHA256() }
    #else
        private static func makeHash() -> PlainSha256 { PlainSha256() }
    #endif
}
