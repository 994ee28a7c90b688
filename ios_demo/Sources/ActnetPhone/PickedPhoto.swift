#if canImport(PhotosUI)
    import ActnetApp
    import CoreTransferable
    import Foundation
    import PhotosUI
    import SwiftUI
    import UniformTypeIdentifiers

    /// A photo that someone picked, copied to where the app may keep it.
    ///
    /// The picker runs outside the app, which sees what was picked and nothing else: no permission
    /// is asked, and none can be partial. It fetches a photo from iCloud itself.
    struct PickedPhoto: Transferable {
        let file: URL

        static var transferRepresentation: some TransferRepresentation {
            FileRepresentation(importedContentType: .image) { received in
                let copy = URL.temporaryDirectory.appendingPathComponent(UUID().uuidString)
                try FileManager.default.copyItem(at: received.file, to: copy)
                return PickedPhoto(file: copy)
            }
        }
    }

    /// Takes what was picked, in its order; each is a file, or why it is none.
    func pickedPhotos(_ items: [PhotosPickerItem]) async -> [Picked] {
        var picked: [Picked] = []
        for item in items {
            do {
                let photo = try await item.loadTransferable(type: PickedPhoto.self)
                picked.append(
                    photo.map { .success($0.file) } ?? .failure(.photoNotHanded(.nothing)))
            } catch {
                picked.append(.failure(.photoNotHanded(HandingFailure(error))))
            }
        }
        return picked
    }
#endif
