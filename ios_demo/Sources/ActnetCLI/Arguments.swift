import ActnetCore
import Foundation

/// What was asked for on the command line.
enum Command: Equatable {
    case selfTest(model: String)
    case describe(model: String, pictures: [String])
    case search(gallery: String, model: String, pictures: [String], top: Int)
    case benchmark(rows: Int, dim: Int)

    static let usage = """
        usage: actnet-demo self-test MODEL
               actnet-demo describe MODEL PICTURE...
               actnet-demo search GALLERY MODEL PICTURE... [--top N]
               actnet-demo benchmark ROWS DIM

        MODEL has its manifest beside it: .tflite on Linux. PICTURE is a binary pixmap (P6).
        Each line of the result is one JSON object. benchmark searches generated descriptors once
        for each line that it reads, and says how many milliseconds that took.
        """
}

/// The words on the command line mean nothing.
struct UsageError: ActnetError {
    let reason: String

    var errorDescription: String? { reason }
    var recoverySuggestion: String? { Command.usage }
}

extension Command {
    private static let largestTop = 100_000
    private static let largestRows = 10_000_000

    /// Reads the words behind the program's name.
    init(_ words: [String]) throws {
        var words = words
        let top = try Self.takeTop(&words)
        guard let name = words.first else { throw UsageError(reason: "no command was given") }
        let rest = Array(words.dropFirst())
        switch (name, rest.count) {
        case ("self-test", 1):
            self = .selfTest(model: rest[0])
        case ("describe", 2...):
            self = .describe(model: rest[0], pictures: Array(rest[1...]))
        case ("search", 3...):
            self = .search(
                gallery: rest[0], model: rest[1], pictures: Array(rest[2...]), top: top ?? 10)
        case ("benchmark", 2):
            self = .benchmark(
                rows: try Self.number(rest[0], 1...Self.largestRows, "ROWS"),
                dim: try Self.number(rest[1], 1...65536, "DIM"))
        default:
            throw UsageError(reason: "there is no command \(name) with \(rest.count) words")
        }
        if top != nil, name != "search" {
            throw UsageError(reason: "--top is allowed with search only")
        }
    }

    private static func takeTop(_ words: inout [String]) throws -> Int? {
        guard let place = words.firstIndex(of: "--top") else { return nil }
        guard place + 1 < words.count else { throw UsageError(reason: "--top needs a number") }
        let top = try number(words[place + 1], 1...largestTop, "--top")
        words.removeSubrange(place...place + 1)
        return top
    }

    private static func number(
        _ word: String, _ allowed: ClosedRange<Int>, _ name: String
    ) throws -> Int {
        guard let number = Int(word), allowed.contains(number) else {
            throw UsageError(
                reason: "\(name) is \(allowed.lowerBound) to \(allowed.upperBound), not \(word)")
        }
        return number
    }
}
