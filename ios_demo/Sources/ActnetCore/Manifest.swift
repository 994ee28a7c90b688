import Foundation

/// The JSON beside an artefact that says all that an app must know; docs/manifest.md describes it.
public struct Manifest: Codable, Equatable, Sendable {
    /// The schema that this release reads.
    public static let schema = 1

    public let schema: Int
    public let name: String
    public let format: String
    public let precision: String
    public let artefact: Artefact
    public let checkpoint: Checkpoint
    public let input: Input
    public let preprocessing: Resizing
    public let output: Output
    public let parity: Parity
    public let golden: Golden

    /// The exported file.
    public struct Artefact: Codable, Equatable, Sendable {
        public let file: String
        public let sha256: String
        public let sizeBytes: Int
    }

    /// The weights that it was made from.
    public struct Checkpoint: Codable, Equatable, Sendable {
        public let name: String
        public let sha256: String
        public let licence: String
        public let origin: String
    }

    /// What the artefact takes.
    public struct Input: Codable, Equatable, Sendable {
        public let name: String
        public let shape: [Side]
        public let dtype: String
        public let layout: String
        public let colour: String
        public let range: [Double]
    }

    /// How a picture becomes pixels.
    public struct Resizing: Codable, Equatable, Sendable {
        public let name: String
        public let version: Int
        public let height: Int
        public let width: Int
    }

    /// What it gives.
    public struct Output: Codable, Equatable, Sendable {
        public let name: String
        public let shape: [Side]
        public let dtype: String
        public let dim: Int
        public let normalised: Bool
    }

    /// How near it is to PyTorch.
    public struct Parity: Codable, Equatable, Sendable {
        public let pictures: Int
        public let cosineMean: Double
        public let cosineMin: Double
    }

    /// What it gave for a picture that every app can draw.
    public struct Golden: Codable, Equatable, Sendable {
        /// What manifests without a least cosine mean.
        static let olderCosineMin = 0.999

        public let picture: String
        public let descriptor: [Float]

        /// Least cosine with the descriptor that a self-test asks for, above 0, at most 1.
        public let cosineMin: Double

        public init(from decoder: Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            picture = try values.decode(String.self, forKey: .picture)
            descriptor = try values.decode([Float].self, forKey: .descriptor)
            cosineMin =
                try values.decodeIfPresent(Double.self, forKey: .cosineMin) ?? Self.olderCosineMin
        }
    }

    /// A side of a shape: a number, or the name of one that may change.
    public enum Side: Codable, Equatable, Sendable {
        case fixed(Int)
        case named(String)

        public init(from decoder: Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                self = .fixed(number)
            } else {
                self = .named(try value.decode(String.self))
            }
        }

        public func encode(to encoder: Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .fixed(let number): try value.encode(number)
            case .named(let name): try value.encode(name)
            }
        }
    }
}

extension Manifest {
    private static let largestSide = 4096
    private static let largestDim = 65536

    /// Reads a manifest without looking at the artefact.
    ///
    /// - Parameters:
    ///   - data: the file's bytes.
    ///   - name: of the file, for sentences.
    public init(data: Data, name: String) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            // JSONDecoder of Foundation 6.0 ends the process at a damaged key.
            _ = try JSONSerialization.jsonObject(with: data)
        } catch {
            throw ManifestError.malformed(name, reason: "it is not JSON")
        }
        do {
            let schema = try decoder.decode(SchemaOnly.self, from: data).schema
            guard schema == Self.schema else { throw ManifestError.otherSchema(schema) }
            self = try decoder.decode(Manifest.self, from: data)
        } catch let error as DecodingError {
            throw ManifestError.malformed(name, reason: sentence(error))
        }
        if let reason = impossibleValue {
            throw ManifestError.malformed(name, reason: reason)
        }
    }

    /// Reads the manifest beside an artefact without looking at the artefact.
    public static func read(besideArtefact artefact: URL) throws -> Manifest {
        let name = artefact.lastPathComponent
        let place = artefact.deletingLastPathComponent().appendingPathComponent(name + ".json")
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw ManifestError.missing(name)
        }
        return try Manifest(
            data: readable(place) { try Data(contentsOf: place) }, name: place.lastPathComponent)
    }

    /// Reads the manifest beside an artefact and holds the artefact's hash against it.
    public static func load(besideArtefact artefact: URL) throws -> Manifest {
        let name = artefact.lastPathComponent
        let manifest = try read(besideArtefact: artefact)
        guard FileManager.default.fileExists(atPath: artefact.path) else {
            throw ManifestError.artefactMissing(name)
        }
        let sha256 = try readable(artefact) { try Sha256.hex(ofFileOrFolder: artefact) }
        guard sha256 == manifest.artefact.sha256 else {
            throw ManifestError.otherArtefact(
                name, found: sha256, expected: manifest.artefact.sha256)
        }
        return manifest
    }

    private var impossibleValue: String? {
        let sides = [preprocessing.height, preprocessing.width]
        if sides.contains(where: { !(1...Self.largestSide).contains($0) }) {
            return "a picture of \(preprocessing.width) x \(preprocessing.height) pixels"
        }
        if !(1...Self.largestDim).contains(output.dim) {
            return "a descriptor of \(output.dim) values"
        }
        if golden.descriptor.count != output.dim {
            return "the golden descriptor has \(golden.descriptor.count) values, not \(output.dim)"
        }
        if golden.cosineMin <= 0 || golden.cosineMin > 1 {
            return "golden.cosine_min is \(golden.cosineMin), not above 0 and at most 1"
        }
        return nil
    }
}

private struct SchemaOnly: Decodable {
    let schema: Int
}

private func readable<T>(_ url: URL, _ read: () throws -> T) throws -> T {
    do {
        return try read()
    } catch {
        let reason = (error as NSError).localizedDescription
        throw ManifestError.unreadable(url.lastPathComponent, reason: reason)
    }
}

private func sentence(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
        "\(path(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
        "\(path(context.codingPath)) is of the wrong kind"
    case .dataCorrupted(let context):
        context.codingPath.isEmpty
            ? "it is not JSON" : "\(path(context.codingPath)) is out of range"
    @unknown default:
        "it cannot be read"
    }
}

private func path(_ keys: [CodingKey]) -> String {
    keys.isEmpty ? "the whole" : keys.map(\.stringValue).joined(separator: ".")
}
