import Actnet
import Foundation

/// What the app works with.
struct InstalledFiles: Sendable {
    /// Of the model.
    let name: String
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
///
/// Each model has a folder of its own in the bundle, and `models.json` lists them.
struct Installer: Sendable {
    static let modelsFile = "models.json"
    static let galleryFile = "gallery.sqlite"
    static let thresholdsFile = "thresholds.json"
    static let addedFile = "added.sqlite"
    private static let schema = 1
    private static let packageEnding = ".mlpackage"

    let bundled: URL
    let folder: URL

    /// Reads all models' manifests; one that is damaged does not hide the others.
    ///
    /// Throws where it is not known which models there are.
    func models() throws -> [CarriedModel] {
        try names().map { name in
            do {
                let manifest = try Manifest.read(besideArtefact: package(name))
                return CarriedModel(name: name, state: .usable(manifest))
            } catch {
                return CarriedModel(name: name, state: .refused(sentences(error)))
            }
        }
    }

    /// Finds a model's files; throws where something is missing.
    func install(_ name: String) throws -> InstalledFiles {
        let gallery = file(name, Self.galleryFile)
        guard FileManager.default.fileExists(atPath: gallery.path) else { throw AppError.noGallery }
        // Before there were two files, the app's own was copied here with what had been added.
        try storing("The gallery") {
            try removeIfThere(folder.appendingPathComponent(Self.galleryFile))
            try removeIfThere(folder.appendingPathComponent(Self.galleryFile + "-journal"))
        }
        return InstalledFiles(
            name: name, package: package(name), gallery: gallery,
            thresholds: file(name, Self.thresholdsFile),
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

    private func file(_ model: String, _ name: String) -> URL {
        bundled.appendingPathComponent(model).appendingPathComponent(name)
    }

    /// The artefact of a model is called as its folder.
    private func package(_ model: String) -> URL { file(model, model + Self.packageEnding) }

    private func names() throws -> [String] {
        let list = bundled.appendingPathComponent(Self.modelsFile)
        guard let data = try? Data(contentsOf: list) else { throw AppError.noModels }
        // JSONDecoder of Foundation 6.0 ends the process at a damaged key.
        guard (try? JSONSerialization.jsonObject(with: data)) != nil,
            let listed = try? JSONDecoder().decode(Listed.self, from: data),
            listed.schema == Self.schema, !listed.models.isEmpty,
            Set(listed.models).count == listed.models.count,
            listed.models.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != "." && $0 != ".." }
            )
        else { throw AppError.damagedList }
        return listed.models
    }

    private struct Listed: Decodable {
        let schema: Int
        let models: [String]
    }
}
