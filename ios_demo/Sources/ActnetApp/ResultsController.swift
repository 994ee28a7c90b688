import ActnetCore
import Foundation

/// The photo screen: searches with a photo that was picked.
@MainActor
final class ResultsController {
    private let phone: any Phone
    private let store: Store
    private let work = SerialWork()

    init(_ phone: any Phone, _ store: Store) {
        self.phone = phone
        self.store = store
    }

    /// Searches with a photo, which is removed afterwards.
    func look(at picked: Picked) {
        store.state.results = .looking
        work.add { self.store.state.results = await self.found(picked) }
    }

    func finished() async {
        await work.finished()
    }

    private func found(_ picked: Picked) async -> ResultsState {
        guard let session = store.session else {
            return .failed("Model and gallery are still being opened; pick the photo again soon.")
        }
        let (phone, top) = (phone, store.state.settings.top)
        do {
            let photo = try picked.get()
            defer { try? FileManager.default.removeItem(at: photo) }
            let found = try await session.recognise(top: top) { try phone.decode(readPhoto(photo)) }
            return .found(found.matches, found.times)
        } catch {
            return .failed(sentences(error))
        }
    }
}
