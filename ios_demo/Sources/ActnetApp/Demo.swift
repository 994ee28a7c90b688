import Actnet
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
    private let history: History
    private let results: ResultsController
    private let gallery: GalleryController
    private let benchmark: BenchmarkController
    private let work = SerialWork()
    private let remembering = SerialWork()

    public init(_ phone: any Phone) {
        self.phone = phone
        let remembered = Remembered()
        inbox = PhotoInbox(folder: phone.folder)
        history = History(file: phone.folder.appendingPathComponent("history"))
        live = LiveController(phone, store) { remembered.thing($0) }
        results = ResultsController(phone, store) { remembered.thing($0) }
        gallery = GalleryController(phone, inbox, store)
        benchmark = BenchmarkController(phone, store)
        store.state.settings = Settings(from: phone.settings)
        remembered.thing = { [weak self] in self?.recognised($0) }
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
        case .open(let screen):
            store.state.picture = nil
            store.state.screen = screen
        case .showPicture(let id): show(id)
        case .pick(let id): pick(id)
        case .noneOfThese:
            live.askedInVain()
            results.askedInVain()
        case .back: store.state.picture = nil
        case .change(let settings): change(settings)
        case .start:
            var settings = store.state.settings
            settings.welcomed = true
            change(settings)
        case .delete(let path):
            gallery.delete(path)
            store.state.picture = nil
        case .rename(let path): rename(path)
        case .freeze(let isFrozen): live.freeze(isFrozen)
        case .torch(let isOn): live.torch(isOn)
        case .addFrame: if let seen = live.lastPicture { gallery.add(seen) }
        case .undoAdding: gallery.undo()
        case .showMore: gallery.more()
        case .clearHistory: clearHistory()
        case .stopIndexing: gallery.stop()
        case .goOnIndexing: gallery.goOn()
        case .restoreGallery: restoreGallery()
        case .measure(let seconds): benchmark.measure(BenchmarkPlan(sustainedS: seconds))
        case .stopMeasuring: benchmark.stop()
        case .runSelfTest: runSelfTest()
        // A text is shared by the view that shows it.
        case .share: break
        case .ask(let request): return request
        }
        return nil
    }

    /// Takes in what someone writes.
    public func write(_ input: Input, _ text: String) {
        switch input {
        case .search: gallery.search(text)
        case .name: store.state.picture?.name = text
        }
    }

    /// Searches with a photo that was picked.
    public func look(at picked: Picked) {
        store.state.picture = nil
        store.state.screen = .results
        results.look(at: picked)
    }

    /// Adds photos that were picked to the gallery.
    public func add(_ photos: [Picked]) {
        store.state.picture = nil
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

    /// The photo of a path in the gallery, where this phone has it.
    public func photo(_ path: String) -> URL? {
        inbox.photo(path)
    }

    /// Waits for all that has been asked for.
    func finished() async {
        await work.finished()
        await gallery.finished()
        await results.finished()
        await benchmark.finished()
        await work.finished()
        await remembering.finished()
    }

    func measure(_ plan: BenchmarkPlan) {
        benchmark.measure(plan)
    }

    private func opening() async {
        await close()
        store.state.start = .opening()
        store.state.gallery = .opening
        store.state.picture = nil
        do {
            try phone.prepare()
            let name = try await choose()
            store.state.start = .opening(model: name)
            let files = try await installed(name, phone)
            let session = try await Session(
                phone, files, inbox, store.state.settings.accelerator)
            store.session = session
            store.state.start = .ready(ready(session, session.model.selfTest))
            gallery.goOn()
            results.opened()
            readHistory()
        } catch {
            refuse(error)
        }
    }

    /// Finds the model that the settings want; nothing of another one stays on the screens.
    private func choose() async throws -> String {
        let carried = try await carriedModels(phone)
        let wanted = store.state.settings.modelName
        guard let chosen = ChosenModel(of: carried, named: wanted) else { throw AppError.noModels }
        let name = chosen.model.name
        if name != store.state.models.used {
            live.forget()
            results.forget()
        }
        store.state.models = ModelsState(carried: carried, used: name, sentence: chosen.sentence)
        return name
    }

    private func ready(_ session: Session, _ test: SelfTest) -> Ready {
        Ready(
            manifest: session.manifest, selfTest: test, thresholds: session.thresholds,
            accelerator: session.accelerator, sentence: session.model.sentence)
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

    /// Takes over settings; another accelerator or model opens the model again.
    private func change(_ settings: Settings) {
        let before = store.state.settings
        let isElsewhere = settings.accelerator != before.accelerator
        if isElsewhere { allowAccelerator(phone.settings) }
        settings.write(to: phone.settings)
        store.state.settings = settings
        if isElsewhere || settings.modelName != before.modelName { open() }
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
        work.add { _ = await self.shown(id) }
    }

    /// Someone says that it is this picture: its page is shown, and it is remembered.
    private func pick(_ id: Int64) {
        work.add {
            if let thing = await self.shown(id) { self.recognised(thing) }
        }
    }

    private func shown(_ id: Int64) async -> Thing? {
        guard let session = store.session, let picture = try? await session.picture(id),
            let thing = try? await session.thing(id)
        else { return nil }
        store.state.picture = PictureState(
            thing: thing, picture: picture, photo: inbox.photo(picture.path), name: thing.title)
        return thing
    }

    private func rename(_ path: String) {
        guard let shown = store.state.picture else { return }
        gallery.rename(path, to: shown.name) { self.show(shown.thing.pictureId) }
    }

    private func recognised(_ thing: Thing) {
        store.state.ticks += 1
        let (history, now) = (history, phone.date())
        remembering.add {
            await offMain { history.add(thing.path, at: now) }
            await self.tellHistory()
        }
    }

    private func readHistory() {
        remembering.add { await self.tellHistory() }
    }

    /// Things that the gallery has no more are left out, and stay in the file: an update may bring them back.
    private func tellHistory() async {
        let history = history
        let paths = await offMain { history.paths() }
        store.state.history = (try? await store.session?.things(ofPaths: paths)) ?? []
    }

    private func clearHistory() {
        let history = history
        remembering.add {
            await offMain { history.clear() }
            self.store.state.history = []
        }
    }

    private func close() async {
        let session = store.session
        store.session = nil
        await session?.describer.unload()
    }
}

/// Leads what controllers recognise to the app that holds them.
@MainActor
private final class Remembered {
    var thing: (Thing) -> Void = { _ in }
}

private func offMain<Result: Sendable>(_ work: @Sendable () -> Result) async -> Result { work() }

private func carriedModels(_ phone: any Phone) async throws -> [CarriedModel] {
    try Installer(bundled: phone.bundled, folder: phone.folder).models()
}

private func installed(_ name: String, _ phone: any Phone) async throws -> InstalledFiles {
    try Installer(bundled: phone.bundled, folder: phone.folder).install(name)
}

private func forgotAdded(_ phone: any Phone) async throws {
    try Installer(bundled: phone.bundled, folder: phone.folder).forgetAdded()
}
