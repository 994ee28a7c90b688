import Foundation

/// What a user must be told: what came, and what to do about it.
public protocol ActnetError: LocalizedError, Equatable, Sendable {}

extension ActnetError {
    /// What came and what to do, for a screen or a terminal.
    public var sentences: String {
        [errorDescription, recoverySuggestion].compactMap { $0 }.joined(separator: " ")
    }
}

/// A number with a point, whatever the phone's language: figures are compared with reports.
public func decimals(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}

/// An artefact or the manifest beside it cannot be used.
public enum ManifestError: ActnetError {
    /// No file `name.json` beside the artefact.
    case missing(String)
    /// The manifest is there, the artefact is not.
    case artefactMissing(String)
    /// No JSON, a key missing, or a value that cannot be.
    case malformed(String, reason: String)
    /// A schema that this release does not read.
    case otherSchema(Int)
    /// The artefact's hash is not the manifest's.
    case otherArtefact(String, found: String, expected: String)
    /// The artefact needs something that this app does not have.
    case unsupported(String)
    /// A file is there and cannot be read.
    case unreadable(String, reason: String)

    public var errorDescription: String? {
        switch self {
        case .missing(let name):
            "\(name) has no manifest (\(name).json is missing)."
        case .artefactMissing(let name):
            "\(name) does not exist, only its manifest does."
        case .malformed(let name, let reason):
            "\(name) is not a manifest: \(reason)."
        case .otherSchema(let schema):
            "The manifest has schema \(schema); this app reads \(Manifest.schema)."
        case .otherArtefact(let name, let found, let expected):
            "\(name) is not the file that its manifest describes: its hash is "
                + "\(found.prefix(12))…, the manifest's \(expected.prefix(12))…."
        case .unsupported(let what):
            "This app cannot use the model: \(what)."
        case .unreadable(let name, let reason):
            "\(name) cannot be read: \(reason)."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .otherSchema: "Export the model again, or install the app's release that fits it."
        default: "Export the model again with actnet-export, and put both files in place."
        }
    }
}

/// A gallery cannot be used.
public enum GalleryError: ActnetError {
    /// No such file.
    case missing(String)
    /// Not SQLite, or SQLite without a gallery's mark.
    case notAGallery(String, isSQLite: Bool)
    /// Of a version that this release does not read.
    case otherVersion(String, version: Int)
    /// It does not say in one row what made it, or says what cannot be.
    case malformed(String)
    /// A descriptor has another length than the gallery says, or a scale that cannot be.
    case badDescriptor(String, dim: Int)
    /// SQLite calls it damaged, or its values cannot be.
    case damaged(String, reason: String)
    /// Made by another model than the one that describes queries.
    case otherModel(String, field: String, theirs: String, ours: String)
    /// Its local features are of a kind that this release does not compare.
    case otherLocalFeatures(String, kind: String)
    /// A writer was killed, and the file is in a place that cannot be written.
    case unfinished(String)
    /// Somebody else writes it.
    case busy(String)
    /// The disk is full.
    case full(String)
    /// File or folder cannot be read or written.
    case notWritable(String, reason: String)

    public var errorDescription: String? {
        switch self {
        case .missing(let name):
            "The gallery \(name) does not exist."
        case .notAGallery(let name, let isSQLite):
            "\(name) is not a gallery\(isSQLite ? "" : ": it is not an SQLite file")."
        case .otherVersion(let name, let version):
            "\(name) is a gallery of version \(version); this app reads 1 to \(GalleryFormat.readableVersions.upperBound)."
        case .malformed(let name):
            "The gallery \(name) is damaged: it does not say what made it."
        case .badDescriptor(let name, let dim):
            "The gallery \(name) is damaged: a descriptor does not have \(dim) values and a length."
        case .damaged(let name, let reason):
            "The gallery \(name) is damaged: \(reason)."
        case .otherModel(let name, let field, let theirs, let ours):
            "The gallery \(name) was made by another model: its \(field) is \(theirs.prefix(12)), "
                + "the model's is \(ours.prefix(12))."
        case .otherLocalFeatures(let name, let kind):
            "The gallery \(name) has local features of the kind \(kind); this app compares "
                + "\(LocalFeatures.kind)."
        case .unfinished(let name):
            "The gallery \(name) was left in the middle of a change."
        case .busy(let name):
            "The gallery \(name) is being written by another program."
        case .full(let name):
            "The gallery \(name) cannot be written: the disk is full."
        case .notWritable(let name, let reason):
            "The gallery \(name) cannot be read or written: \(reason)."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .missing, .notAGallery: "Make one with actnet-index build, and put it in place."
        case .otherVersion, .otherModel, .malformed, .badDescriptor, .damaged, .otherLocalFeatures:
            "Build it again with actnet-index build."
        case .unfinished: "Run actnet-index check on it once, and put it in place again."
        case .busy: "Try again when that has ended."
        case .full: "What was stored before is safe. Free some space and try again."
        case .notWritable: "What was stored before is safe. Check the place and try again."
        }
    }
}

/// A descriptor that a model gave cannot be searched with.
public enum DescriptorError: ActnetError {
    /// Not finite, or not of length 1.
    case notOfLengthOne(Double)
    /// Another number of values than the gallery's.
    case otherDim(Int, expected: Int)
    /// Stored in another way than the gallery's.
    case otherStorage(Storage, expected: Storage)

    public var errorDescription: String? {
        switch self {
        case .notOfLengthOne(let length):
            "The model gave a descriptor of length \(length); it must be 1."
        case .otherDim(let dim, let expected):
            "The model gave a descriptor of \(dim) values; the gallery's have \(expected)."
        case .otherStorage(let storage, let expected):
            "The query is stored as \(storage.rawValue), the gallery as \(expected.rawValue)."
        }
    }

    public var recoverySuggestion: String? {
        "Run the self-test; where it fails choose another accelerator, or export the model again."
    }
}

/// A picture cannot be decoded.
public enum PictureError: ActnetError {
    /// Damaged, truncated, or no picture.
    case unreadable(String, reason: String)
    /// More pixels than can be decoded safely.
    case tooLarge(String)

    public var errorDescription: String? {
        switch self {
        case .unreadable(let name, let reason): "\(name) cannot be decoded: \(reason)."
        case .tooLarge(let name): "\(name) has too many pixels to be decoded safely."
        }
    }

    public var recoverySuggestion: String? { "Choose another picture." }
}

/// A model cannot be loaded or run.
public enum EngineError: ActnetError {
    /// The runtime does not take the file.
    case cannotLoad(reason: String)
    /// The runtime took it and failed with a picture.
    case failed(reason: String)
    /// Local features cannot be taken or compared.
    case features(reason: String)
    /// Pixels of another size than the model's.
    case otherSize(width: Int, height: Int, expectedWidth: Int, expectedHeight: Int)
    /// It computes something else on this machine than was exported.
    case failedSelfTest(cosine: Double, cosineMin: Double)

    public var errorDescription: String? {
        switch self {
        case .cannotLoad(let reason): "The model cannot be loaded: \(reason)."
        case .failed(let reason): "The model failed: \(reason)."
        case .features(let reason): "Local features cannot be used: \(reason)."
        case .otherSize(let width, let height, let expectedWidth, let expectedHeight):
            "The model takes \(expectedWidth) x \(expectedHeight) pixels, not \(width) x \(height)."
        case .failedSelfTest(let cosine, let cosineMin):
            "Self-test failed: cosine \(decimals(cosine, 6)) with the manifest's golden descriptor, "
                + "at least \(cosineMin) is needed. Nothing is described with this model."
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .cannotLoad: "Export the model again with actnet-export, and put it in place."
        case .failed: "Choose another accelerator in the settings, or start the app again."
        case .features: "Choose another photo, or start the app again."
        case .otherSize: "Resize the picture as the model's manifest says."
        case .failedSelfTest: "Choose another accelerator, or export the model again."
        }
    }
}
