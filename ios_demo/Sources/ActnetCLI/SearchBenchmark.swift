import ActnetCore
import Foundation

/// Searches generated int8 descriptors on one thread, once for each line on standard input.
///
/// So another program can take its turn between two searches: both see the same machine.
struct SearchBenchmark {
    private static let top = 10
    private let database: Database
    private let query: [Float]

    init(rows: Int, dim: Int) {
        var numbers = SystemRandomNumberGenerator()
        database = Database.generated(rows: rows, dim: dim, using: &numbers)
        var values = (0..<dim).map { _ in Float.random(in: -1...1, using: &numbers) }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        values = values.map { $0 / length }
        query = values
    }

    func run() throws {
        while readLine() != nil {
            let clock = ContinuousClock()
            var hits: [Hit] = []
            let took = try clock.measure { hits = try database.search(query, top: Self.top) }
            let (seconds, attoseconds) = took.components
            let ms = Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
            try say(BenchmarkLine(ms: ms, hits: hits.count))
        }
    }
}

private struct BenchmarkLine: Encodable {
    let ms: Double
    let hits: Int
}
