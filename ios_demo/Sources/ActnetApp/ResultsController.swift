import Actnet
import Foundation

/// The photo screen: searches with a photo that was picked.
@MainActor
final class ResultsController {
    private let phone: any Phone
    private let store: Store
    private let recognised: (Thing) -> Void
    private let work = SerialWork()
    /// A photo that was picked before model and gallery were open.
    private var waiting: Picked?

    init(_ phone: any Phone, _ store: Store, recognised: @escaping (Thing) -> Void) {
        self.phone = phone
        self.store = store
        self.recognised = recognised
    }

    /// Searches with a photo, which is removed afterwards; while the gallery is being opened it waits.
    func look(at picked: Picked) {
        store.state.results = .looking
        work.add {
            self.drop(self.waiting)
            self.waiting = picked
            await self.find()
        }
    }

    /// The gallery has been opened: a photo that was picked before is searched with.
    func opened() {
        work.add { await self.find() }
    }

    /// Shows no matches any more: their gallery has been closed. A photo that waits goes on waiting.
    func forget() {
        if store.state.results != .looking { store.state.results = .empty }
    }

    /// Someone says that it is none of the things that were asked about.
    func askedInVain() {
        guard case .found(_, let figures) = store.state.results else { return }
        store.state.results = .found(.nothing, figures)
    }

    func finished() async {
        await work.finished()
    }

    private func find() async {
        guard let session = store.session, let picked = waiting else { return }
        waiting = nil
        defer { drop(picked) }
        let (phone, settings) = (phone, store.state.settings)
        do {
            let photo = try picked.get()
            let recognition = try await session.recognise(top: settings.top) {
                try phone.decode(readPhoto(photo))
            }
            let sight = try await session.sight(
                recognition.matches, falseAnswers: settings.falseAnswers)
            store.state.results = .found(
                sight, Figures(matches: recognition.matches, times: recognition.times))
            if case .answered(let thing, _, _) = sight { recognised(thing) }
        } catch {
            store.state.results = .failed(sentences(error))
        }
    }

    private func drop(_ picked: Picked?) {
        if case .success(let photo) = picked { try? FileManager.default.removeItem(at: photo) }
    }
}
