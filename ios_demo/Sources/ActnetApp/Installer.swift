import ActnetCore
import Foundation

/// What the app works with.
struct InstalledFiles: Sendable {
    /// In the bundle; Core ML compiles it into the caches.
    let package: URL
    /// The user's own, in the app's folder.
    let gallery: URL
}

/// Finds what came with the app. The gallery is copied once and then belongs to the user.
struct Installer: Sendable {
    static let galleryFile = "gallery.sqlite"
    private static let manifestEnding = ".json"

    let bundled: URL
    let folder: URL

    func install() throws -> InstalledFiles {
        let package = try package()
        let gallery = folder.appendingPathComponent(Self.galleryFile)
        if !FileManager.default.fileExists(atPath: gallery.path) { try copyGallery() }
        return InstalledFiles(package: package, gallery: gallery)
    }

    /// Puts the gallery that came with the app in place, without what was added on the phone.
    func copyGallery() throws {
        let source = bundled.appendingPathComponent(Self.galleryFile)
        guard FileManager.default.fileExists(atPath: source.path) else { throw AppError.noGallery }
        let target = folder.appendingPathComponent(Self.galleryFile)
        try storing("The gallery") {
            // SQLite would play the journal of the old file back into the new one.
            try removeIfThere(folder.appendingPathComponent(Self.galleryFile + "-journal"))
            try replaceFile(at: target) { try FileManager.default.copyItem(at: source, to: $0) }
        }
    }

    /// The one thing in the bundle that has a manifest; the manifest says which file it describes.
    private func package() throws -> URL {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: bundled.path)) ?? []
        let manifests = names.filter { $0.hasSuffix(Self.manifestEnding) }
        guard manifests.count == 1, let manifest = manifests.first else {
            throw AppError.models(manifests.count)
        }
        let package = bundled.appendingPathComponent(
            String(manifest.dropLast(Self.manifestEnding.count)))
        return package
    }
}
