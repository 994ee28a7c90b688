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

    func describedPhoto(_ photo: URL, path: String) async throws -> DescribedPhoto {
        let file = try readPhoto(photo)
        let picture = try phone.decode(file)
        let side = info.thumbnailSidePx
        let facts = try? FileManager.default.attributesOfItem(atPath: photo.path)
        let modified = facts?[.modificationDate] as? Date ?? phone.date()
        return DescribedPhoto(
            path: path, sizeBytes: Int64(file.count),
            mtimeNs: Int64(modified.timeIntervalSince1970 * 1e9),
            sha256: Sha256.bytes(of: file),
            widthPx: picture.width, heightPx: picture.height, label: nil,
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

    /// Takes a picture out; returns its path, nil where it had gone already.
    func delete(_ id: Int64) throws -> String? {
        // Pictures of the app's own gallery stay: the next start would bring them back.
        guard id >= GalleryPair.firstAdded else { return nil }
        let picture = try reader.picture(id)
        try writer.delete([id - GalleryPair.firstAdded])
        try reload()
        return picture?.path
    }

    /// Searches what is in the gallery now.
    func reload() throws {
        database = try reader.load()
    }

    /// What the gallery screen tells, but for what is going on.
    func overview(latest: Int) throws -> OpenGallery {
        OpenGallery(
            info: info, counts: try reader.counts(),
            pictures: try reader.pictures(with: "", limit: latest),
            problems: try reader.problems(), progress: nil, waiting: 0, sentence: nil)
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
