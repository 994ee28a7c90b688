import ActnetCore
import Foundation

/// What the app works with.
struct InstalledFiles: Sendable {
    /// In the bundle; Core ML compiles it into the caches.
    let package: URL
    /// In the bundle, where it is read: a newer app has another one.
    let gallery: URL
    /// From where on a match of it is an answer.
    let thresholds: URL
    /// That of this phone's photos, in the app's folder; not there before the first start.
    let added: URL
    /// In the bundle: what makes codes of local features.
    let codes: URL

    /// Reads the codes; throws where the app was built without them.
    func readCodes() throws -> Data {
        do {
            return try Data(contentsOf: codes)
        } catch {
            throw AppError.noCodes(codes.lastPathComponent)
        }
    }
}

/// Finds what came with the app, and where what is added on the phone lies.
struct Installer: Sendable {
    static let galleryFile = "gallery.sqlite"
    static let thresholdsFile = "thresholds.json"
    static let addedFile = "added.sqlite"
    private static let manifestEnding = ".json"

    let bundled: URL
    let folder: URL

    func install() throws -> InstalledFiles {
        let package = try package()
        let gallery = bundled.appendingPathComponent(Self.galleryFile)
        guard FileManager.default.fileExists(atPath: gallery.path) else { throw AppError.noGallery }
        // Before there were two files, the app's own was copied here with what had been added.
        try storing("The gallery") {
            try removeIfThere(folder.appendingPathComponent(Self.galleryFile))
            try removeIfThere(folder.appendingPathComponent(Self.galleryFile + "-journal"))
        }
        return InstalledFiles(
            package: package, gallery: gallery,
            thresholds: bundled.appendingPathComponent(Self.thresholdsFile),
            added: folder.appendingPathComponent(Self.addedFile),
            codes: bundled.appendingPathComponent(FeatureExtractor.codesFile))
    }

    /// Forgets the gallery of the phone's photos; they are described again.
    func forgetAdded() throws {
        try storing("The gallery") {
            try removeIfThere(folder.appendingPathComponent(Self.addedFile + "-journal"))
            try removeIfThere(folder.appendingPathComponent(Self.addedFile))
        }
    }

    /// The one thing in the bundle that has a manifest; the manifest says which file it describes.
    private func package() throws -> URL {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: bundled.path)) ?? []
        let manifests = names.filter {
            $0.hasSuffix(Self.manifestEnding) && $0 != Self.thresholdsFile
        }
        guard manifests.count == 1, let manifest = manifests.first else {
            throw AppError.models(manifests.count)
        }
        let package = bundled.appendingPathComponent(
            String(manifest.dropLast(Self.manifestEnding.count)))
        return package
    }
}
