import ActnetCore
import Foundation

/// Searches generated int8 descriptors on one thread, once for each line on standard input.
///
/// So another program can take its turn between two searches: both see the same machine. Times are those of the
/// processor, so that other programs count little.
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
            let startMs = processorMs()
            let hits = try database.search(query, top: Self.top)
            try say(BenchmarkLine(ms: processorMs() - startMs, hits: hits.count))
        }
    }
}

/// Milliseconds that this thread has computed.
private func processorMs() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
}

private struct BenchmarkLine: Encodable {
    let ms: Double
    let hits: Int
}
