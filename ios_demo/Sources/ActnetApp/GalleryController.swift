import Actnet
import Foundation

/// A photo that the system handed over as a file of the app, or why it could not.
public typealias Picked = Result<URL, AppError>

/// The gallery screen: adds, describes and deletes photos while the app goes on.
@MainActor
final class GalleryController {
    private static let page = 50

    private let phone: any Phone
    private let inbox: PhotoInbox
    private let store: Store
    private let work = SerialWork()
    /// Looking goes on while photos are described.
    private let looking = SerialWork()
    private var isStopped = false
    /// Which of the photos that were added last could not be copied, until it has been told.
    private var notCopied: [String] = []
    /// What is searched for, and how much of it is shown.
    private var words = ""
    private var shown = GalleryController.page
    /// Paths of the photos that were added last, which `undo` takes out.
    private var addedLast: [String] = []

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
        work.add { self.added(await copied(photos, into: inbox)) }
        goOn()
    }

    /// Adds what the camera saw.
    func add(_ picture: RgbPicture) {
        let (phone, inbox) = (phone, inbox)
        work.add { self.added(await copied(picture, phone, into: inbox)) }
        goOn()
    }

    private func added(_ copied: Copied) {
        notCopied += copied.sentences
        addedLast = copied.paths
    }

    /// Takes the photos that were added last out again.
    func undo() {
        work.add {
            await self.takeOut(self.addedLast)
        }
    }

    /// Gives a photo of this phone a name; calls `done` when it can be seen.
    func rename(_ path: String, to name: String, done: @escaping () -> Void) {
        let inbox = inbox
        work.add {
            await self.tellingWhatFails { session in
                try inbox.rename(path, to: name)
                try await session.rename(path, inbox.name(of: path))
            }
            done()
        }
    }

    /// Shows the pictures that have `text`; all where it is empty.
    func search(_ text: String) {
        (words, shown) = (text, Self.page)
        if case .open(var gallery) = store.state.gallery {
            // What is written is to be seen at once.
            gallery.words = text
            store.state.gallery = .open(gallery)
        }
        look()
    }

    /// Shows more of the gallery.
    func more() {
        shown += Self.page
        look()
    }

    private func look() {
        looking.add {
            guard let session = self.store.session,
                case .open(let before) = self.store.state.gallery
            else { return }
            await self.tell(session, before.sentence, isLooking: true)
        }
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

    /// Takes a photo of this phone out of the gallery, or its problem, and its file from the phone.
    func delete(_ path: String) {
        work.add { await self.takeOut([path]) }
    }

    private func takeOut(_ paths: [String]) async {
        let inbox = inbox
        addedLast.removeAll(where: paths.contains)
        await tellingWhatFails { session in
            try await session.delete(paths)
            for path in paths { inbox.delete(path) }
        }
    }

    func finished() async {
        await work.finished()
        await looking.finished()
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
        var failures = notCopied
        notCopied = []
        do {
            try await task(session)
        } catch {
            failures.append(sentences(error))
        }
        await tell(session, failures.isEmpty ? nil : failures.joined(separator: "\n"))
    }

    /// Shows how far indexing is, in what is shown already.
    private func tell(_ progress: IndexProgress) {
        guard case .open(var gallery) = store.state.gallery else { return }
        gallery.progress = progress
        gallery.waiting = progress.total - progress.done
        store.state.gallery = .open(gallery)
    }

    /// - Parameter isLooking: whether describing may go on meanwhile, and its progress stays.
    private func tell(_ session: Session, _ sentence: String?, isLooking: Bool = false) async {
        do {
            let asked = words
            var gallery = try await session.overview(of: asked, latest: shown)
            gallery.waiting = inbox.waiting().count
            gallery.sentence = sentence
            gallery.undoable = !addedLast.isEmpty
            // What has been written since is looked for by itself.
            guard store.session === session, asked == words else { return }
            if isLooking, case .open(let before) = store.state.gallery {
                (gallery.progress, gallery.waiting) = (before.progress, before.waiting)
            }
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

/// What became of photos that were to be copied.
private struct Copied: Sendable {
    /// Of those that wait now.
    var paths: [String] = []
    /// What went wrong, by places.
    var sentences: [String] = []
}

/// Moves photos into the inbox, off the main thread.
private func copied(_ photos: [Picked], into inbox: PhotoInbox) async -> Copied {
    var paths: [String] = []
    var places: [(sentence: String, places: [Int])] = []
    for (index, photo) in photos.enumerated() {
        do {
            let file = try photo.get()
            defer { try? FileManager.default.removeItem(at: file) }
            let photo = try inbox.add { try FileManager.default.copyItem(at: file, to: $0) }
            paths.append(PhotoInbox.pathStart + photo.lastPathComponent)
        } catch {
            let sentence = sentences(error)
            if let known = places.firstIndex(where: { $0.sentence == sentence }) {
                places[known].places.append(index + 1)
            } else {
                places.append((sentence, [index + 1]))
            }
        }
    }
    let texts = places.map { sentence, places in
        let numbers = places.map(String.init).joined(separator: ", ")
        return "Photo \(numbers) of \(photos.count): \(sentence)"
    }
    return Copied(paths: paths, sentences: texts)
}

private func copied(
    _ picture: RgbPicture, _ phone: any Phone, into inbox: PhotoInbox
) async -> Copied {
    do {
        let jpeg = try phone.jpeg(picture, sidePx: max(picture.width, picture.height))
        let photo = try inbox.add { try jpeg.write(to: $0) }
        return Copied(paths: [PhotoInbox.pathStart + photo.lastPathComponent])
    } catch {
        return Copied(sentences: [sentences(error)])
    }
}
