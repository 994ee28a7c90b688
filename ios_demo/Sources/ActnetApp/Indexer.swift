import Actnet
import Foundation

/// Describes photos and keeps what came out; the session does.
protocol PhotoStore: Sendable {
    func describedPhoto(_ photo: URL, path: String, label: String?) async throws -> DescribedPhoto
    func store(_ photo: DescribedPhoto) async throws
    func noteProblem(path: String, reason: String) async throws
}

/// Takes the photos of an inbox into a gallery, one transaction for each.
///
/// Stopped at any point, or killed, it goes on with what is left: a photo that was stored but not
/// moved away is stored again under its path. A photo that the process died with twice is not tried
/// a third time.
struct Indexer: Sendable {
    private static let mostDeaths = 2

    let inbox: PhotoInbox
    let gallery: any PhotoStore

    /// Describes everything that waits.
    ///
    /// A photo that cannot be decoded or described is noted, the others go on. A model or a gallery
    /// that fails, or a file that cannot be read (the phone may be locked), ends the run: it would
    /// meet them all. Nothing that waits is lost.
    ///
    /// - Parameter goOn: told before each photo how far it is; false ends the run.
    func run(goOn: @MainActor @Sendable (IndexProgress) -> Bool) async throws {
        let waiting = inbox.waiting()
        for (done, photo) in waiting.enumerated() {
            guard await goOn(IndexProgress(done: done, total: waiting.count)) else { return }
            try await take(photo)
        }
    }

    private func take(_ photo: URL) async throws {
        let path = PhotoInbox.pathStart + photo.lastPathComponent
        guard inbox.deaths(photo) < Self.mostDeaths else {
            try await note(path, AppError.deadly(times: Self.mostDeaths))
            return inbox.drop(photo)
        }
        try inbox.begin(photo)
        defer { inbox.ended(photo) }
        do {
            let name = inbox.name(of: path)
            try await gallery.store(gallery.describedPhoto(photo, path: path, label: name))
        } catch {
            guard isMatterOfPhoto(error) else { throw error }
            try await note(path, error)
            // It stays, as another model may do better.
        }
        try inbox.keep(photo)
    }

    private func isMatterOfPhoto(_ error: any Error) -> Bool {
        error is PictureError || error is DescriptorError
    }

    private func note(_ path: String, _ error: any Error) async throws {
        try await gallery.noteProblem(path: path, reason: sentences(error))
    }
}
