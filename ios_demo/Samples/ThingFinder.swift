// A whole use of the library: what an app of one's own needs to name what a photo shows.

import Actnet
import Foundation

/// Names what a photo shows, from the files that `make ios-assets` makes.
public struct ThingFinder: Sendable {
    private let recogniser: Recogniser

    #if canImport(CoreML)
        /// - Parameters:
        ///   - assets: the app's folder `actnet`, which has a folder for each model.
        ///   - cacheFolder: for the compiled model.
        public init(assets: URL, model: String, cacheFolder: URL) async throws {
            let folder = assets.appendingPathComponent(model)
            let package = folder.appendingPathComponent("\(model).mlpackage")
            let describer = try CoreMLDescriber(package, cacheFolder: cacheFolder)
            try await self.init(assets: assets, model: model, describer: describer)
        }
    #endif

    /// - Parameter describer: what runs the model; Core ML on Apple's systems.
    public init(assets: URL, model: String, describer: any Describer) async throws {
        recogniser = try await Recogniser(
            folder: assets.appendingPathComponent(model), describer: describer,
            codes: assets.appendingPathComponent(FeatureExtractor.codesFile))
    }

    /// Returns one name where it is sure, up to three to ask about where it is not, none for an unknown thing.
    public func names(of photo: RgbPicture, language: String) async throws -> [String] {
        let answers = try await recogniser.recognise(photo)
        if let first = answers.first, first.isSure { return [first.title(language)] }
        return answers.prefix(3).map { $0.title(language) }
    }

    /// Returns what to show after the camera's next frame; nil while nothing is recognised.
    public func name(inFrame frame: RgbPicture, atMs: Double) async throws -> String? {
        let sighting = try await recogniser.look(at: frame, atMs: atMs)
        guard case .verified(let answer, _) = sighting else { return nil }
        return try await recogniser.read { try $0.picture(answer.pictureId)?.title }
    }
}
