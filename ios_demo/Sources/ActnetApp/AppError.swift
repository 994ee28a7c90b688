import Actnet
import Foundation

/// What a user of the app must be told beside the errors of the core.
public enum AppError: ActnetError {
    /// The app was built without the list of its models.
    case noModels
    /// That list is damaged, or of another release.
    case damagedList
    case noGallery
    /// The app was built without the codes of local features, a file of this name.
    case noCodes(String)
    /// Something cannot be copied or moved inside the app's folder.
    case cannotStore(String, StorageFailure)
    /// A photo of the app's folder cannot be read now.
    case cannotRead(String)
    /// The system could not hand a picked photo over.
    case photoNotHanded(HandingFailure)
    case noCamera
    /// The system or another app uses the camera.
    case cameraTaken
    case cameraFailed(String)
    /// The process ended this often while it described a photo.
    case deadly(times: Int)

    public var errorDescription: String? {
        switch self {
        case .noModels: "The app was built without \(Installer.modelsFile)."
        case .damagedList: "\(Installer.modelsFile) is damaged, or of another release."
        case .noGallery: "The app was built without a gallery."
        case .noCodes(let file): "The app was built without \(file)."
        case .cannotStore(let what, let failure): "\(what) cannot be stored: \(failure.reason)."
        case .cannotRead(let reason): "The photo cannot be read now: \(reason)."
        case .photoNotHanded(let failure): "The photo cannot be read: \(failure.reason)."
        case .noCamera: "This phone has no camera that can be used."
        case .cameraTaken: "Another app, or the phone itself, is using the camera."
        case .cameraFailed(let reason): "The camera failed: \(reason)."
        case .deadly(let times): "The app ended \(times) times while it described this photo."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .noModels, .damagedList, .noGallery, .noCodes:
            "Run make ios-assets and build the app again."
        case .cannotStore(_, let failure): failure.wayOut
        case .cannotRead: "Nothing is lost. Unlock the phone and try again."
        case .photoNotHanded(let failure): failure.wayOut
        case .noCamera: "Choose a photo instead."
        case .cameraTaken: "The picture comes back by itself."
        case .cameraFailed: "Go to another screen and come back."
        case .deadly: "Choose another."
        }
    }
}

/// Why the app's folder cannot be written.
public enum StorageFailure: Equatable, Sendable {
    case full
    case other(String)

    public init(_ error: any Error) {
        let chain = errorChain(error)
        let isFull = chain.contains {
            ($0.domain == NSCocoaErrorDomain && $0.code == CocoaError.fileWriteOutOfSpace.rawValue)
                || ($0.domain == NSPOSIXErrorDomain && $0.code == Int(ENOSPC))
        }
        self = isFull ? .full : .other(systemWords(error))
    }

    var reason: String {
        switch self {
        case .full: "the storage is full"
        case .other(let reason): reason
        }
    }

    var wayOut: String {
        switch self {
        case .full: "What was stored before is safe. Free some space and try again."
        case .other: "What was stored before is safe. Start the app again."
        }
    }
}

/// Why the system's picker gives no photo.
public enum HandingFailure: Equatable, Sendable {
    /// It lies in iCloud, and this phone cannot fetch it now.
    case inCloud
    /// The system gave nothing at all: the photo has gone since, or is no picture.
    case nothing
    case other(String)

    /// Reads what PhotosUI throws; a placeholder's download fails inside the system's own process.
    ///
    /// The numbers are those of `PHPhotosError`: 3164 networkAccessRequired, 3169 networkError.
    public init(_ error: any Error) {
        let chain = errorChain(error)
        let isCloud = chain.contains {
            ($0.domain == "PHPhotosErrorDomain" && [3164, 3169].contains($0.code))
                || $0.domain == NSURLErrorDomain || $0.domain.hasPrefix("CloudPhotoLibrary")
        }
        self = isCloud ? .inCloud : .other(systemWords(error))
    }

    var reason: String {
        switch self {
        case .inCloud: "it lies in iCloud and cannot be downloaded now"
        case .nothing: "the system gave no picture"
        case .other(let reason): reason
        }
    }

    var wayOut: String {
        switch self {
        case .inCloud: "Open it in Photos once where there is a network, or choose another."
        case .nothing, .other: "Choose another."
        }
    }
}

/// What to show of any error.
func sentences(_ error: any Error) -> String {
    (error as? any ActnetError)?.sentences ?? "Something failed: \(systemWords(error))."
}

/// A system's own words, without their full stop.
public func systemWords(_ error: any Error) -> String {
    let text = (error as NSError).localizedDescription
    return text.hasSuffix(".") ? String(text.dropLast()) : text
}

/// An error and those that it came from, the outermost first.
private func errorChain(_ error: any Error) -> [NSError] {
    var chain: [NSError] = []
    var next: NSError? = error as NSError
    while let one = next, chain.count < 8 {
        chain.append(one)
        next = one.userInfo[NSUnderlyingErrorKey] as? NSError
    }
    return chain
}
