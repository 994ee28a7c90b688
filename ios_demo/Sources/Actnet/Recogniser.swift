import Foundation

/// Names what photos and frames of a camera show, by the pictures of a gallery.
///
/// It has an actor's own thread: nothing is computed on the main thread. All stays on the phone.
public actor Recogniser {
    public static let galleryFile = "gallery.sqlite"
    public static let thresholdsFile = "thresholds.json"

    public nonisolated let describer: any Describer
    public nonisolated let info: GalleryInfo
    public nonisolated let thresholds: AnswerThresholds
    private let gallery: any GallerySource
    /// nil where the gallery has no local features.
    private let features: FeatureExtractor?
    private let clock: @Sendable () -> Double
    private var database: Database
    private var steadiness = Steadiness()
    private var tracker = AnswerTracker()

    /// Opens the files of one model as `make ios-assets` lays them out, and tests the model.
    ///
    /// - Parameters:
    ///   - folder: of gallery, thresholds and artefact, which `describer` runs.
    ///   - codes: `local_codes.safetensors`, which lies beside that folder.
    public init(folder: URL, describer: any Describer, codes: URL) async throws {
        let model = GalleryModel(describer.manifest)
        let gallery = try GalleryReader(
            folder.appendingPathComponent(Self.galleryFile), place: .bundle, describedBy: model)
        let thresholds = try AnswerThresholds(
            contentsOf: folder.appendingPathComponent(Self.thresholdsFile), of: model)
        let learned = gallery.hasLocalFeatures ? try Data(contentsOf: codes) : nil
        _ = try await describer.passedSelfTest()
        try self.init(
            describer: describer, gallery: gallery, thresholds: thresholds, codes: learned)
    }

    /// Takes what is open already; a gallery of another model finds nothing that is right.
    ///
    /// - Parameters:
    ///   - codes: the bytes of `FeatureExtractor.codesFile`; needed where the gallery has local features.
    ///   - clock: milliseconds that never go back; by which stages are timed.
    public init(
        describer: any Describer, gallery: sending any GallerySource,
        thresholds: AnswerThresholds, codes: Data? = nil,
        clock: @escaping @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime * 1000 }
    ) throws {
        self.describer = describer
        self.thresholds = thresholds
        self.clock = clock
        info = gallery.info
        features = try codes.map { try FeatureExtractor(codes: $0) }
        database = try gallery.load()
        self.gallery = gallery
    }

    /// Returns what a photo may show, the best first; the first is told where it `isSure`.
    ///
    /// - Parameters:
    ///   - photo: upright.
    ///   - top: how many, at least 1.
    ///   - falseAnswers: share of photos of unknown things that may be answered.
    public func recognise(
        _ photo: RgbPicture, top: Int = 10, falseAnswers: Double = 0.05
    ) async throws -> [Answer] {
        let search = try await recognition(top: top) { photo }
        let least = thresholds.at(falseAnswers).least
        return try search.matches.map { match in
            Answer(
                picture: match.picture, item: try gallery.item(ofPicture: match.picture.id),
                similarity: match.similarity, isSure: match.isAnswer(from: least),
                outline: match.proof?.outline)
        }
    }

    /// Takes in the camera's next frame and says what is to be shown then: calm, whatever single frames say.
    ///
    /// A frame that comes while another is in work should be dropped, not queued.
    ///
    /// - Parameters:
    ///   - frame: upright by gravity (`PhoneTurn`).
    ///   - atMs: on a clock that never goes back.
    public func look(
        at frame: RgbPicture, atMs: Double, falseAnswers: Double = 0.05
    ) async throws -> Sighting {
        let search = try await recognition(top: AnswerTracker.asked, isFrame: true) { frame }
        // A frame of a moving camera says nothing; what was seen last stays for a while.
        guard search.isWhole else {
            return tracker.take(FrameAnswer(atMs: atMs, best: nil, verified: false))
        }
        return tracker.take(try answer(search.matches, falseAnswers: falseAnswers, atMs: atMs))
    }

    /// The camera starts: its next frame has none before it.
    public func cameraStarts() {
        steadiness.reset()
        tracker = AnswerTracker()
    }

    /// Asks the gallery, such as for a picture's page.
    public func read<Result: Sendable>(
        _ ask: @Sendable (any GallerySource) throws -> Result
    ) throws -> Result {
        try ask(gallery)
    }

    /// Searches what is in the gallery now.
    public func reload() throws {
        database = try gallery.load()
    }

    /// Takes the local features that a gallery's picture gets; nil where the gallery has none.
    public func localFeatures(of picture: RgbPicture) throws -> LocalFeatures? {
        try features?.features(of: picture, .gallery)
    }

    /// Finds a picture's matches, with the time of each stage.
    ///
    /// - Parameters:
    ///   - spentMs: what decoding has taken already.
    ///   - isFrame: whether it is one of the camera's frames, which is verified only where the camera stands
    ///     still.
    ///   - decode: makes the upright picture.
    public func recognition(
        top: Int, spentMs: Double = 0, isFrame: Bool = false,
        decode: @Sendable () throws -> RgbPicture
    ) async throws -> Recognition {
        var watch = StageWatch(clock)
        let picture = try decode()
        watch.lap(\.decodeMs)
        watch.times.decodeMs += spentMs
        let pixels = try resized(picture)
        watch.lap(\.resizeMs)
        let descriptor = try await describer.describe(pixels: pixels)
        watch.lap(\.inferenceMs)
        let isSteady = isFrame ? steadiness.take(descriptor) : true
        guard let features, isSteady else {
            let matches = try gallery.matches(descriptor, in: database, top: top)
            watch.lap(\.searchMs)
            return Recognition(
                matches: features == nil ? matches : matches.map(\.unproven),
                times: watch.times.whole, isWhole: features == nil)
        }
        let matches = try await verified(picture, descriptor, features, top, &watch)
        return Recognition(matches: matches, times: watch.times.whole)
    }

    /// What the matches of a frame say, and which pictures they are.
    ///
    /// What passes with the largest share of false answers that was calibrated is asked about.
    public func answer(
        _ matches: [Match], falseAnswers: Double, atMs: Double
    ) throws -> FrameAnswer {
        let candidates = try matches.map { match in
            let item = try gallery.item(ofPicture: match.picture.id)
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

    /// The first views may end the search (docs/verification.md); else all are searched for.
    private func verified(
        _ photo: RgbPicture, _ whole: [Float], _ features: FeatureExtractor, _ top: Int,
        _ watch: inout StageWatch
    ) async throws -> [Match] {
        let database = database
        guard let working = photo.working() else { throw PictureError.tooLarge("The photo") }
        watch.lap(\.resizeMs)
        let local = try features.features(of: photo, .photo)
        watch.lap(\.verificationMs)
        let first = Views.standard[1..<VerifiedSearch.firstViews]
        var views = [whole] + (try await described(photo, Array(first), working, &watch))
        let search = try PhotoSearch(gallery, database, photo: local)
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
        let size = describer.manifest.preprocessing
        guard let pixels = picture.resized(width: size.width, height: size.height) else {
            throw PictureError.tooLarge("The photo")
        }
        return pixels
    }
}
