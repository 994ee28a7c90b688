import Foundation

/// From where on a match is an answer, as it was calibrated when the gallery was made.
public struct AnswerThreshold: Codable, Equatable, Sendable {
    /// Least similarity of an answer.
    public let least: Double
    /// Share of photos of unknown things that were answered when it was calibrated.
    public let falseAnswers: Double

    enum CodingKeys: String, CodingKey {
        case least
        case falseAnswers = "false_answers"
    }

    public init(least: Double, falseAnswers: Double) {
        self.least = least
        self.falseAnswers = falseAnswers
    }
}

/// The thresholds of a gallery; docs/gallery.md describes the file.
public struct AnswerThresholds: Equatable, Sendable {
    private static let schema = 1

    /// By rising share of false answers; one at least.
    public let choices: [AnswerThreshold]

    public init?(_ choices: [AnswerThreshold]) {
        guard !choices.isEmpty else { return nil }
        self.choices = choices.sorted { $0.falseAnswers < $1.falseAnswers }
    }

    /// Reads the file that came with a gallery.
    ///
    /// - Parameter model: what made the gallery; thresholds of another are refused.
    public init(contentsOf url: URL, of model: GalleryModel) throws {
        let name = url.lastPathComponent
        guard let data = try? Data(contentsOf: url) else { throw ThresholdsError.missing(name) }
        guard let file = try? JSONDecoder().decode(File.self, from: data),
            file.schema == Self.schema, let read = AnswerThresholds(file.thresholds.similarity)
        else { throw ThresholdsError.damaged(name) }
        guard file.modelSha256 == model.sha256 else { throw ThresholdsError.otherModel(name) }
        self = read
    }

    /// Returns the most lenient one with at most this share of false answers, or else the strictest.
    public func at(_ falseAnswers: Double) -> AnswerThreshold {
        choices.last { $0.falseAnswers <= falseAnswers } ?? choices[0]
    }

    private struct File: Decodable {
        let schema: Int
        let modelSha256: String
        let thresholds: Measures

        enum CodingKeys: String, CodingKey {
            case schema, thresholds
            case modelSha256 = "model_sha256"
        }
    }

    private struct Measures: Decodable {
        let similarity: [AnswerThreshold]
    }
}

/// The thresholds that came with a gallery cannot be used.
public enum ThresholdsError: ActnetError {
    case missing(String)
    /// No JSON, another schema, or no threshold in it.
    case damaged(String)
    case otherModel(String)

    public var errorDescription: String? {
        switch self {
        case .missing(let name): "The app was built without \(name)."
        case .damaged(let name): "\(name) is damaged, or of another release."
        case .otherModel(let name): "\(name) was calibrated with another model."
        }
    }

    public var recoverySuggestion: String? { "Run make ios-assets and build the app again." }
}
