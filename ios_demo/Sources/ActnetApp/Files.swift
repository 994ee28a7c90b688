// Files appear under their names when they are whole.

import Foundation

/// Does something in the app's folder; what the system says becomes a sentence about `what`.
func storing<T>(_ what: String, _ work: () throws -> T) throws -> T {
    do {
        return try work()
    } catch let error as AppError {
        throw error
    } catch {
        throw AppError.cannotStore(what, StorageFailure(error))
    }
}

/// Lets `write` make a file beside `target`, and moves it there when it is on the disk.
///
/// Nothing is left of it where that fails.
func replaceFile(at target: URL, _ write: (URL) throws -> Void) throws {
    let part = target.deletingLastPathComponent()
        .appendingPathComponent(UUID().uuidString + PhotoInbox.partEnding)
    defer { try? FileManager.default.removeItem(at: part) }
    try write(part)
    try synchronise(part)
    try move(part, to: target)
}

/// Reads a photo's file as a whole; what the system says becomes a sentence.
///
/// Apart from decoding: a photo that cannot be read now, as the phone is locked, may be sound.
func readPhoto(_ photo: URL) throws -> Data {
    do {
        return try Data(contentsOf: photo)
    } catch {
        throw AppError.cannotRead(systemWords(error))
    }
}

func move(_ file: URL, to target: URL) throws {
    guard rename(file.path, target.path) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
}

func synchronise(_ file: URL) throws {
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.synchronize()
}

func removeIfThere(_ file: URL) throws {
    do {
        try FileManager.default.removeItem(at: file)
    } catch CocoaError.fileNoSuchFile {
        return
    }
}
