import ActnetCore
import Foundation

/// A photo that the system handed over as a file of the app, or why it could not.
public typealias Picked = Result<URL, AppError>

/// The gallery screen: adds, describes and deletes photos while the app goes on.
@MainActor
final class GalleryController {
    private static let latest = 100

    private let phone: any Phone
    private let inbox: PhotoInbox
    private let store: Store
    private let work = SerialWork()
    private var isStopped = false
    /// Which of the photos that were added last could not be copied, until it has been told.
    private var notCopied: [String] = []

    init(_ phone: any Phone, _ inbox: PhotoInbox, _ store: Store) {
        self.phone = phone
        self.inbox = inbox
        self.store = store
    }

    /// Takes photos over and describes them; while the gallery is being opened they wait for it.
    ///
    /// Those that cannot be taken are told, the others go on.
    func add(_ photos: [Picked]) {
        let inbox = inbox
        work.add { self.notCopied += await copied(photos, into: inbox) }
        goOn()
    }

    /// Adds what the camera saw.
    func add(_ picture: RgbPicture) {
        let (phone, inbox) = (phone, inbox)
        work.add { self.notCopied += await copied(picture, phone, into: inbox) }
        goOn()
    }

    /// Describes what waits.
    func goOn() {
        isStopped = false
        work.add { await self.tellingWhatFails { try await self.index($0) } }
    }

    /// Stops describing after the present photo.
    func stop() {
        isStopped = true
    }

    /// Takes a picture out of the gallery, and its photo from the phone's copies.
    func delete(_ id: Int64) {
        let inbox = inbox
        work.add {
            await self.tellingWhatFails { session in
                if let path = try await session.delete(id) { inbox.delete(path) }
            }
        }
    }

    func finished() async {
        await work.finished()
    }

    private func index(_ session: Session) async throws {
        do {
            try await Indexer(inbox: inbox, gallery: session).run { progress in
                guard !self.isStopped, self.store.session === session else { return false }
                self.tell(progress)
                return true
            }
        } catch {
            // What was described before the failure is found, too.
            try await session.reload()
            throw error
        }
        try await session.reload()
    }

    private func tellingWhatFails(_ task: (Session) async throws -> Void) async {
        guard let session = store.session else { return }
        var told = notCopied
        notCopied = []
        do {
            try await task(session)
        } catch {
            told.append(sentences(error))
        }
        await tell(session, told)
    }

    /// Shows how far indexing is, in what is shown already.
    private func tell(_ progress: IndexProgress) {
        guard case .open(var gallery) = store.state.gallery else { return }
        gallery.progress = progress
        gallery.waiting = progress.total - progress.done
        store.state.gallery = .open(gallery)
    }

    private func tell(_ session: Session, _ told: [String]) async {
        let sentence = told.isEmpty ? nil : told.joined(separator: "\n")
        do {
            var gallery = try await session.overview(latest: Self.latest)
            gallery.waiting = inbox.waiting().count
            gallery.sentence = sentence
            guard store.session === session else { return }
            store.state.gallery = .open(gallery)
        } catch {
            guard case .open(var gallery) = store.state.gallery else { return }
            gallery.progress = nil
            gallery.sentence = [sentence, sentences(error)].compactMap { $0 }
                .joined(separator: "\n")
            store.state.gallery = .open(gallery)
        }
    }
}

/// Moves photos into the inbox, off the main thread; returns what went wrong, by places.
private func copied(_ photos: [Picked], into inbox: PhotoInbox) async -> [String] {
    var places: [(sentence: String, places: [Int])] = []
    for (index, photo) in photos.enumerated() {
        do {
            let file = try photo.get()
            defer { try? FileManager.default.removeItem(at: file) }
            try inbox.add { try FileManager.default.copyItem(at: file, to: $0) }
        } catch {
            let sentence = sentences(error)
            if let known = places.firstIndex(where: { $0.sentence == sentence }) {
                places[known].places.append(index + 1)
            } else {
                places.append((sentence, [index + 1]))
            }
        }
    }
    return places.map { sentence, places in
        let numbers = places.map(String.init).joined(separator: ", ")
        return "Photo \(numbers) of \(photos.count): \(sentence)"
    }
}

private func copied(
    _ picture: RgbPicture, _ phone: any Phone, into inbox: PhotoInbox
) async -> [String] {
    do {
        let jpeg = try phone.jpeg(picture, sidePx: max(picture.width, picture.height))
        try inbox.add { try jpeg.write(to: $0) }
        return []
    } catch {
        return [sentences(error)]
    }
}
