import ActnetCore
import Foundation

/// What the controllers share: the state that is shown, and the open session.
@MainActor
final class Store {
    var state = AppState() {
        didSet { if state != oldValue { changed() } }
    }
    /// Nil while there is no model or gallery.
    var session: Session?
    var changed: () -> Void = {}
}

/// The app without its views: opens model and gallery, and holds the controllers of the screens.
@MainActor
public final class Demo {
    public let live: LiveController
    private let phone: any Phone
    private let store = Store()
    private let inbox: PhotoInbox
    private let results: ResultsController
    private let gallery: GalleryController
    private let benchmark: BenchmarkController
    private let work = SerialWork()

    public init(_ phone: any Phone) {
        self.phone = phone
        inbox = PhotoInbox(folder: phone.folder)
        live = LiveController(phone, store)
        results = ResultsController(phone, store)
        gallery = GalleryController(phone, inbox, store)
        benchmark = BenchmarkController(phone, store)
        store.state.settings = Settings(from: phone.settings)
    }

    public var state: AppState { store.state }

    /// Called after every change of the state.
    public func onChange(_ changed: @escaping () -> Void) {
        store.changed = changed
    }

    /// Opens model and gallery, tests the model, and goes on with photos that still wait.
    public func open() {
        benchmark.stop()
        work.add { await self.opening() }
    }

    /// Does what was touched; what only the system can do is returned, for the view to ask.
    public func perform(_ action: Action) -> SystemRequest? {
        switch action {
        case .open(let screen): store.state.screen = screen
        case .showPicture(let id): show(id)
        case .hidePicture: store.state.picture = nil
        case .change(let settings): change(settings)
        case .delete(let id):
            gallery.delete(id)
            store.state.picture = nil
        case .addFrame: if let seen = live.lastPicture { gallery.add(seen) }
        case .stopIndexing: gallery.stop()
        case .goOnIndexing: gallery.goOn()
        case .restoreGallery: restoreGallery()
        case .measure(let seconds): benchmark.measure(BenchmarkPlan(sustainedS: seconds))
        case .stopMeasuring: benchmark.stop()
        case .runSelfTest: runSelfTest()
        case .ask(let request): return request
        }
        return nil
    }

    /// Searches with a photo that was picked.
    public func look(at picked: Picked) {
        store.state.picture = nil
        store.state.screen = .results
        results.look(at: picked)
    }

    /// Adds photos that were picked to the gallery.
    public func add(_ photos: [Picked]) {
        store.state.screen = .gallery
        gallery.add(photos)
    }

    /// The small picture of the gallery; nil where it has none, or is being opened again.
    public func thumbnail(_ id: Int64) async -> Data? {
        try? await store.session?.thumbnail(id)
    }

    /// The gallery's picture for a page; nil where it has none, or is being opened again.
    public func pagePicture(_ id: Int64) async -> Data? {
        try? await store.session?.pagePicture(id)
    }

    /// The photo of a picture, where this phone has it.
    public func photo(_ picture: GalleryPicture) -> URL? {
        inbox.photo(picture.path)
    }

    /// Waits for all that has been asked for.
    func finished() async {
        await work.finished()
        await gallery.finished()
        await results.finished()
        await benchmark.finished()
    }

    func measure(_ plan: BenchmarkPlan) {
        benchmark.measure(plan)
    }

    private func opening() async {
        await close()
        store.state.start = .opening
        store.state.gallery = .opening
        store.state.picture = nil
        do {
            try phone.prepare()
            let files = try await installed(phone)
            let session = try await Session(
                phone, files, inbox, store.state.settings.accelerator)
            store.session = session
            store.state.start = .ready(ready(session, session.model.selfTest))
            gallery.goOn()
        } catch {
            refuse(error)
        }
    }

    private func ready(_ session: Session, _ test: SelfTest) -> Ready {
        Ready(
            manifest: session.manifest, selfTest: test, thresholds: session.thresholds,
            sentence: session.model.sentence)
    }

    private func refuse(_ error: any Error) {
        store.state.start = .refused(sentences(error), gallery: error is GalleryError)
    }

    /// Puts the gallery that came with the app back; what was added is described again.
    private func restoreGallery() {
        work.add {
            await self.close()
            do {
                try await forgotAdded(self.phone)
            } catch {
                self.refuse(error)
            }
        }
        open()
    }

    /// Takes over settings; another accelerator opens the model again.
    private func change(_ settings: Settings) {
        let again = settings.accelerator != store.state.settings.accelerator
        if again { allowAccelerator(phone.settings) }
        settings.write(to: phone.settings)
        store.state.settings = settings
        if again { open() }
    }

    /// Tests the model again; one that fails is not used any more.
    private func runSelfTest() {
        work.add {
            guard let session = self.store.session else { return }
            do {
                let test = try await session.describer.passedSelfTest()
                self.store.state.start = .ready(self.ready(session, test))
            } catch {
                await self.close()
                self.refuse(error)
            }
        }
    }

    private func show(_ id: Int64) {
        work.add {
            guard let picture = try? await self.store.session?.picture(id) else { return }
            self.store.state.picture = PictureState(
                picture: picture, photo: self.inbox.photo(picture.path))
        }
    }

    private func close() async {
        let session = store.session
        store.session = nil
        await session?.describer.unload()
    }
}

private func installed(_ phone: any Phone) async throws -> InstalledFiles {
    try Installer(bundled: phone.bundled, folder: phone.folder).install()
}

private func forgotAdded(_ phone: any Phone) async throws {
    try Installer(bundled: phone.bundled, folder: phone.folder).forgetAdded()
}
