import Actnet
import Foundation

/// Photos that someone added and that are not in the gallery yet: the files of a folder.
///
/// It is the list of what is still to do, and survives the end of the app at any moment: a file
/// appears under its name when it is whole, and leaves only after the gallery has its descriptor.
/// A photo's name is the start of its content's SHA-256, so that the same photo is added once.
struct PhotoInbox: Sendable {
    /// What paths of photos that were added on this phone begin with.
    static let pathStart = "added/"
    static let partEnding = ".part"
    /// Ends the name of a file with one byte for each time that a photo was begun.
    private static let begunEnding = ".begun"
    private static let nameDigits = 32

    /// Of photos to be described.
    private let waitingFolder: URL
    /// Of photos that have been, for the large picture on the screen.
    private let photosFolder: URL
    /// Of the names that someone gave them.
    private let namesFolder: URL

    init(folder: URL) {
        waitingFolder = folder.appendingPathComponent("waiting")
        photosFolder = folder.appendingPathComponent("photos")
        namesFolder = folder.appendingPathComponent("names")
    }

    /// Takes a photo in.
    ///
    /// - Parameter write: makes the file that it is given; nothing is left of it where that fails.
    @discardableResult
    func add(_ write: (URL) throws -> Void) throws -> URL {
        try storing("The photo") {
            try makeFolders()
            let part = waitingFolder.appendingPathComponent(UUID().uuidString + Self.partEnding)
            defer { try? FileManager.default.removeItem(at: part) }
            try write(part)
            try synchronise(part)
            let name = try Sha256.hex(ofFileOrFolder: part).prefix(Self.nameDigits)
            let photo = waitingFolder.appendingPathComponent(String(name))
            try move(part, to: photo)
            return photo
        }
    }

    /// What is still to be described, oldest first; what a killed copy left is removed.
    func waiting() -> [URL] {
        let files = files(waitingFolder)
        for part in files where part.lastPathComponent.hasSuffix(Self.partEnding) {
            try? FileManager.default.removeItem(at: part)
        }
        return
            files
            .filter { $0.pathExtension.isEmpty }
            .map { (age: modified($0), file: $0) }
            .sorted { ($0.age, $0.file.lastPathComponent) < ($1.age, $1.file.lastPathComponent) }
            .map(\.file)
    }

    /// How often a photo was begun without an end: each time the process died of it, or with it.
    func deaths(_ photo: URL) -> Int {
        (try? Data(contentsOf: mark(photo)).count) ?? 0
    }

    /// Notes that a photo is begun; the note stays if the process ends before `ended`.
    func begin(_ photo: URL) throws {
        try storing("A note about the photo") {
            let marks = (try? Data(contentsOf: mark(photo))) ?? Data()
            try (marks + [1]).write(to: mark(photo))
            try synchronise(mark(photo))
        }
    }

    /// A photo has been described, or has failed without an end of the process.
    func ended(_ photo: URL) {
        try? FileManager.default.removeItem(at: mark(photo))
    }

    /// Moves a photo that the gallery has now to the photos.
    func keep(_ photo: URL) throws {
        try storing("The photo") {
            try move(photo, to: photosFolder.appendingPathComponent(photo.lastPathComponent))
        }
    }

    /// Lets every photo that had been described wait again: for a gallery that does not have them.
    func waitAgain() throws {
        try storing("The photos") {
            try makeFolders()
            for photo in files(photosFolder) {
                try move(photo, to: waitingFolder.appendingPathComponent(photo.lastPathComponent))
            }
        }
    }

    /// Removes a photo that cannot be described.
    func drop(_ photo: URL) {
        try? FileManager.default.removeItem(at: photo)
        ended(photo)
    }

    /// The photo of a path in the gallery; nil where there is only the thumbnail.
    func photo(_ path: String) -> URL? {
        let name = String(path.dropFirst(Self.pathStart.count))
        // A gallery's paths come from elsewhere: one name, not a way out of the folder.
        guard path.hasPrefix(Self.pathStart), !name.isEmpty,
            name.allSatisfy({ $0.isASCII && $0.isHexDigit })
        else { return nil }
        let photo = photosFolder.appendingPathComponent(name)
        return FileManager.default.fileExists(atPath: photo.path) ? photo : nil
    }

    /// Tells whether a path is that of a photo which was added on a phone.
    ///
    /// A gallery's paths come from elsewhere, and computers' folders may be called so, too.
    static func isAdded(_ path: String) -> Bool {
        let name = path.dropFirst(pathStart.count)
        return path.hasPrefix(pathStart) && name.count == nameDigits
            && name.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase }
    }

    /// Removes the photo of a path and its name, if there is one.
    func delete(_ path: String) {
        guard Self.isAdded(path) else { return }
        let name = String(path.dropFirst(Self.pathStart.count))
        drop(waitingFolder.appendingPathComponent(name))
        for file in [photosFolder.appendingPathComponent(name), nameFile(path)] {
            try? FileManager.default.removeItem(at: file)
        }
    }

    /// The name that someone gave the photo of a path; nil where no one did.
    func name(of path: String) -> String? {
        guard Self.isAdded(path) else { return nil }
        return (try? Data(contentsOf: nameFile(path))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Gives the photo of a path a name; a blank one takes it away.
    func rename(_ path: String, to name: String) throws {
        guard Self.isAdded(path) else { return }
        let name = name.trimmingCharacters(in: .whitespacesAndNewlines)
        try storing("The name") {
            guard !name.isEmpty else { return try removeIfThere(nameFile(path)) }
            try FileManager.default.createDirectory(
                at: namesFolder, withIntermediateDirectories: true)
            try replaceFile(at: nameFile(path)) { try Data(name.utf8).write(to: $0) }
        }
    }

    private func nameFile(_ path: String) -> URL {
        namesFolder.appendingPathComponent(String(path.dropFirst(Self.pathStart.count)))
    }

    private func makeFolders() throws {
        for folder in [waitingFolder, photosFolder] {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        }
    }

    private func mark(_ photo: URL) -> URL {
        photo.appendingPathExtension(String(Self.begunEnding.dropFirst()))
    }

    private func files(_ folder: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.map(folder.appendingPathComponent)
    }

    private func modified(_ file: URL) -> Date {
        let facts = try? FileManager.default.attributesOfItem(atPath: file.path)
        return facts?[.modificationDate] as? Date ?? .distantPast
    }
}
