import Actnet
import Foundation

/// An open model that has passed its self-test, with an open gallery that fits it.
///
/// The actor owns the gallery; the describer is an actor of its own.
actor Session: PhotoStore {
    nonisolated let manifest: Manifest
    nonisolated let info: GalleryInfo
    nonisolated let thresholds: AnswerThresholds
    /// With its self-test of the opening, and where it runs.
    nonisolated let model: OpenedModel
    nonisolated var describer: any Describer { model.describer }
    nonisolated var accelerator: Accelerator { model.accelerator }
    private nonisolated let phone: any Phone
    private let writer: GalleryWriter
    nonisolated let recogniser: Recogniser

    /// Opens everything, or throws with a sentence for the screen.
    ///
    /// - Parameter inbox: whose photos are described again where the gallery of the phone's photos is
    ///   of another model, or not there yet.
    init(
        _ phone: any Phone, _ files: InstalledFiles, _ inbox: PhotoInbox,
        _ accelerator: Accelerator
    ) async throws {
        let manifest = try Manifest.load(besideArtefact: files.package)
        self.manifest = manifest
        let galleryModel = GalleryModel(manifest)
        thresholds = try AnswerThresholds(contentsOf: files.thresholds, of: galleryModel)
        let shipped = try GalleryReader(files.gallery, place: .bundle, describedBy: galleryModel)
        try Self.prepareAdded(files, shipped, galleryModel, inbox)
        writer = try GalleryWriter(files.added, describedBy: galleryModel)
        let added = try GalleryReader(files.added, place: .folder, describedBy: galleryModel)
        let codes = shipped.hasLocalFeatures ? try files.readCodes() : nil
        model = try await openedModel(phone, files.package, on: accelerator)
        recogniser = try Recogniser(
            describer: model.describer, gallery: GalleryPair(shipped: shipped, added: added),
            thresholds: thresholds, codes: codes, clock: { phone.nowMs() })
        info = recogniser.info
        self.phone = phone
    }

    /// Puts a gallery for the phone's photos in place where none is that fits the app's own.
    private static func prepareAdded(
        _ files: InstalledFiles, _ shipped: GalleryReader, _ model: GalleryModel,
        _ inbox: PhotoInbox
    ) throws {
        if FileManager.default.fileExists(atPath: files.added.path) {
            do {
                let added = try GalleryReader(files.added, place: .folder, describedBy: model)
                if GalleryPair.fit(shipped, added) { return }
            } catch GalleryError.otherModel {
                // The app has a newer model.
            }
        }
        // First, so that a process that ends meanwhile leaves no photo that nothing describes.
        try inbox.waitAgain()
        try AddedGallery.create(at: files.added, like: files.gallery)
    }

    /// Finds a picture's matches; a frame of the camera is verified only where the camera stands still.
    ///
    /// - Parameters:
    ///   - spentMs: what decoding has taken already.
    ///   - isFrame: whether it is one of the camera's frames.
    ///   - decode: makes the upright picture.
    nonisolated func recognise(
        top: Int, spentMs: Double = 0, isFrame: Bool = false,
        decode: @Sendable () throws -> RgbPicture
    ) async throws -> Recognition {
        try await recogniser.recognition(
            top: top, spentMs: spentMs, isFrame: isFrame, decode: decode)
    }

    func describedPhoto(_ photo: URL, path: String, label: String?) async throws -> DescribedPhoto {
        let file = try readPhoto(photo)
        let picture = try phone.decode(file)
        let side = info.thumbnailSidePx
        let facts = try? FileManager.default.attributesOfItem(atPath: photo.path)
        let modified = facts?[.modificationDate] as? Date ?? phone.date()
        return DescribedPhoto(
            path: path, sizeBytes: Int64(file.count),
            mtimeNs: Int64(modified.timeIntervalSince1970 * 1e9),
            sha256: Sha256.bytes(of: file),
            widthPx: picture.width, heightPx: picture.height, label: label,
            descriptor: try await describer.describe(picture),
            thumbnail: side > 0 ? try phone.jpeg(picture, sidePx: side) : nil,
            features: try await recogniser.localFeatures(of: picture))
    }

    func store(_ photo: DescribedPhoto) throws {
        try writer.store([photo])
    }

    func noteProblem(path: String, reason: String) throws {
        try writer.noteProblem(path: path, reason: reason)
    }

    /// Takes the pictures of paths out of the gallery of this phone's photos, or their problems.
    ///
    /// Pictures of the app's own gallery stay: the next start would bring them back.
    func delete(_ paths: [String]) async throws {
        for path in paths { try writer.delete(path: path) }
        try await reload()
    }

    /// Gives a photo of this phone a name; nil takes it away.
    func rename(_ path: String, _ name: String?) throws {
        try writer.setLabel(name, ofPath: path)
    }

    /// Searches what is in the gallery now.
    func reload() async throws {
        try await recogniser.reload()
    }

    /// What the gallery screen tells of the pictures that have `words`, but for what is going on.
    nonisolated func overview(of words: String, latest: Int) async throws -> OpenGallery {
        let language = phone.language()
        return try await recogniser.read { gallery in
            OpenGallery(
                info: gallery.info, counts: try gallery.counts(), words: words,
                things: try gallery.pictures(with: words, limit: latest, offset: 0)
                    .map { try gallery.thing($0, language) },
                matching: try gallery.count(with: words), problems: try gallery.problems(),
                progress: nil, waiting: 0, sentence: nil)
        }
    }

    /// Returns a picture with what the catalogue says of it; nil where it has gone.
    nonisolated func thing(_ id: Int64) async throws -> Thing? {
        try await things([id]).first
    }

    /// Returns those of the paths that the gallery has now, in their order.
    nonisolated func things(ofPaths paths: [String]) async throws -> [Thing] {
        let ids = try await recogniser.read { gallery in
            try paths.compactMap { try gallery.id(ofPath: $0) }
        }
        return try await things(ids)
    }

    /// Returns pictures with what the catalogue says of them; those that have gone since are left out.
    private nonisolated func things(_ ids: [Int64]) async throws -> [Thing] {
        let language = phone.language()
        return try await recogniser.read { gallery in
            try ids.compactMap { id in
                try gallery.picture(id).map { try gallery.thing($0, language) }
            }
        }
    }

    /// What the live screen shows of a sighting.
    nonisolated func sight(_ sighting: Sighting) async throws -> Sight {
        switch sighting {
        case .looking: return .nothing
        case .maybe(let candidates): return .asked(try await things(candidates.map(\.pictureId)))
        case .verified(let answer, let outline):
            guard let thing = try await thing(answer.pictureId) else { return .nothing }
            return .answered(thing, outline: outline, others: [])
        }
    }

    /// What the matches of a frame or photo say.
    nonisolated func answer(
        _ matches: [Match], falseAnswers: Double, atMs: Double
    ) async throws -> FrameAnswer {
        try await recogniser.answer(matches, falseAnswers: falseAnswers, atMs: atMs)
    }

    /// What the matches of a photo say.
    nonisolated func sight(_ matches: [Match], falseAnswers: Double) async throws -> Sight {
        guard !matches.isEmpty else { return .empty }
        let verdict = try await answer(matches, falseAnswers: falseAnswers, atMs: 0)
        if verdict.verified, let id = verdict.best?.pictureId, let best = try await thing(id) {
            let others = matches.map(\.picture.id).filter { $0 != id }
            return .answered(best, outline: verdict.outline, others: try await things(others))
        }
        let asked = verdict.candidates.prefix(AnswerTracker.asked).map(\.pictureId)
        let things = try await things(asked)
        return things.isEmpty ? .nothing : .asked(things)
    }

    nonisolated func pictureCount() async throws -> Int {
        try await recogniser.read { try $0.count(with: "") }
    }

    nonisolated func picture(_ id: Int64) async throws -> GalleryPicture? {
        try await recogniser.read { try $0.picture(id) }
    }

    nonisolated func pagePicture(_ id: Int64) async throws -> Data? {
        try await recogniser.read { try $0.pagePicture(id) }
    }

    nonisolated func thumbnail(_ id: Int64) async throws -> Data? {
        try await recogniser.read { try $0.thumbnail(id) }
    }
}
