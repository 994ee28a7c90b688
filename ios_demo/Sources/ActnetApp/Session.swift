import ActnetCore
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
    private let phone: any Phone
    private let reader: GalleryPair
    private let writer: GalleryWriter
    /// nil where the gallery has no local features.
    private let features: FeatureExtractor?
    private var database: Database
    private var steadiness = Steadiness()

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
        reader = GalleryPair(shipped: shipped, added: added)
        features = shipped.hasLocalFeatures ? try FeatureExtractor(codes: files.readCodes()) : nil
        database = try reader.load()
        info = reader.info
        model = try await openedModel(phone, files.package, on: accelerator)
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
    func recognise(
        top: Int, spentMs: Double = 0, isFrame: Bool = false,
        decode: @Sendable () throws -> RgbPicture
    ) async throws -> Recognition {
        var watch = StageWatch(phone)
        let picture = try decode()
        watch.lap(\.decodeMs)
        watch.times.decodeMs += spentMs
        let pixels = try resized(picture)
        watch.lap(\.resizeMs)
        let descriptor = try await describer.describe(pixels: pixels)
        watch.lap(\.inferenceMs)
        let isSteady = isFrame ? steadiness.take(descriptor) : true
        guard let features, isSteady else {
            let matches = try reader.matches(descriptor, in: database, top: top)
            watch.lap(\.searchMs)
            return Recognition(
                matches: features == nil ? matches : matches.map(\.unproven),
                times: watch.times.whole, isWhole: features == nil)
        }
        let matches = try await verified(picture, descriptor, features, top, &watch)
        return Recognition(matches: matches, times: watch.times.whole)
    }

    /// The camera starts: its next frame has none before it.
    func cameraStarts() {
        steadiness.reset()
    }

    /// The first views may end the search (docs/verification.md); else all are searched for.
    private func verified(
        _ photo: RgbPicture, _ whole: [Float], _ features: FeatureExtractor, _ top: Int,
        _ watch: inout StageWatch
    ) async throws -> [Match] {
        let database = database
        guard let working = photo.working() else { throw PictureError.tooLarge("The photo") }
        watch.lap(\.resizeMs)
        let taken = try features.features(of: photo, .photo)
        watch.lap(\.verificationMs)
        let first = Views.standard[1..<VerifiedSearch.firstViews]
        var views = [whole] + (try await described(photo, Array(first), working, &watch))
        let search = try PhotoSearch(reader, database, photo: taken)
        let early = try search.matches(
            views, top: top, shortlist: VerifiedSearch.firstShortlist)
        watch.lap(\.verificationMs)
        if search.isCertain(early) { return early }
        let others = Views.standard[VerifiedSearch.firstViews...]
        views += try await described(photo, Array(others), working, &watch)
        let matches = try search.matches(views, top: top, shortlist: VerifiedSearch.shortlist)
        watch.lap(\.verificationMs)
        return matches
    }

    private func described(
        _ photo: RgbPicture, _ views: [PhotoView], _ working: RgbPicture, _ watch: inout StageWatch
    ) async throws -> [[Float]] {
        guard let pictures = photo.pictures(of: views, working: working) else {
            throw PictureError.tooLarge("The photo")
        }
        let pixels = try pictures.map(resized)
        watch.lap(\.resizeMs)
        var descriptors: [[Float]] = []
        for view in pixels { descriptors.append(try await describer.describe(pixels: view)) }
        watch.lap(\.inferenceMs)
        return descriptors
    }

    private func resized(_ picture: RgbPicture) throws -> RgbPicture {
        let size = manifest.preprocessing
        guard let pixels = picture.resized(width: size.width, height: size.height) else {
            throw PictureError.tooLarge("The photo")
        }
        return pixels
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
            descriptor: try await describer.describe(pixels: resized(picture)),
            thumbnail: side > 0 ? try phone.jpeg(picture, sidePx: side) : nil,
            features: try features?.features(of: picture, .gallery))
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
    func delete(_ paths: [String]) throws {
        for path in paths { try writer.delete(path: path) }
        try reload()
    }

    /// Gives a photo of this phone a name; nil takes it away.
    func rename(_ path: String, _ name: String?) throws {
        try writer.setLabel(name, ofPath: path)
    }

    /// Searches what is in the gallery now.
    func reload() throws {
        database = try reader.load()
    }

    /// What the gallery screen tells of the pictures that have `words`, but for what is going on.
    func overview(of words: String, latest: Int) throws -> OpenGallery {
        OpenGallery(
            info: info, counts: try reader.counts(), words: words,
            things: try reader.pictures(with: words, limit: latest).map(thing),
            matching: try reader.count(with: words), problems: try reader.problems(),
            progress: nil, waiting: 0, sentence: nil)
    }

    /// Returns a picture with what the catalogue says of it; nil where it has gone.
    func thing(_ id: Int64) throws -> Thing? {
        try reader.picture(id).map(thing)
    }

    /// Returns those of the paths that the gallery has now, in their order.
    func things(ofPaths paths: [String]) throws -> [Thing] {
        try paths.compactMap { try reader.id(ofPath: $0).flatMap(thing) }
    }

    private func thing(_ picture: GalleryPicture) throws -> Thing {
        try reader.thing(picture, phone.language())
    }

    /// What the live screen shows of a sighting; pictures that have gone since are left out.
    func sight(_ sighting: Sighting) throws -> Sight {
        switch sighting {
        case .looking: return .nothing
        case .maybe(let candidates):
            return .asked(try candidates.compactMap { try thing($0.pictureId) })
        case .verified(let answer, let outline):
            guard let thing = try thing(answer.pictureId) else { return .nothing }
            return .answered(thing, outline: outline, others: [])
        }
    }

    /// What the matches of a photo say.
    func sight(_ matches: [Match], falseAnswers: Double) throws -> Sight {
        guard !matches.isEmpty else { return .empty }
        let found = try answer(matches, falseAnswers: falseAnswers, atMs: 0)
        if found.verified, let best = try found.best.flatMap({ try thing($0.pictureId) }) {
            let others = matches.filter { $0.picture.id != best.pictureId }
            return .answered(
                best, outline: found.outline,
                others: try others.compactMap { try thing($0.picture.id) })
        }
        let asked = try found.candidates.prefix(AnswerTracker.asked)
            .compactMap { try thing($0.pictureId) }
        return asked.isEmpty ? .nothing : .asked(asked)
    }

    /// What the matches of a frame say, and which pictures they are.
    func answer(_ matches: [Match], falseAnswers: Double, atMs: Double) throws -> FrameAnswer {
        let candidates = try matches.map { match in
            let item = try reader.item(ofPicture: match.picture.id)
            return Candidate(
                key: item.map { "item \($0.name)" } ?? "picture \(match.picture.id)",
                pictureId: match.picture.id, similarity: match.similarity,
                inliers: match.proof?.inliers ?? 0)
        }
        guard let best = candidates.first, let first = matches.first else {
            return FrameAnswer(atMs: atMs, best: nil, verified: false)
        }
        let verified = first.isAnswer(from: thresholds.at(falseAnswers).least)
        let lenient = thresholds.choices.last.map { best.similarity >= $0.least } ?? false
        var keys: Set<String> = []
        let asked = candidates.filter { keys.insert($0.key).inserted }
        return FrameAnswer(
            atMs: atMs, best: best, verified: verified,
            outline: verified ? first.proof?.outline : nil,
            candidates: !verified && lenient ? asked : [])
    }

    func pictureCount() throws -> Int {
        try reader.count(with: "")
    }

    func picture(_ id: Int64) throws -> GalleryPicture? {
        try reader.picture(id)
    }

    func pagePicture(_ id: Int64) throws -> Data? {
        try reader.pagePicture(id)
    }

    func thumbnail(_ id: Int64) throws -> Data? {
        try reader.thumbnail(id)
    }
}
