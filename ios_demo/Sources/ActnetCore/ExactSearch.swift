/// A picture of the gallery that is similar to the query.
public struct Hit: Equatable, Sendable {
    /// Number of the picture in the gallery.
    public let id: Int64
    /// Inner product of the two descriptors, -1 to 1.
    public let similarity: Double
    /// Row of the database, in the order of ids.
    public let row: Int
}

/// How inner products are computed; the result is the same to the bit.
public enum ScanMethod: String, Sendable, CaseIterable {
    /// A loop that the compiler makes vectors of.
    case plain
    /// Apple's Accelerate, where it is and descriptors are short enough to be exact in Float.
    case accelerate
}

/// All descriptors of a gallery in memory, searched exactly: every one is compared.
public struct Database: Sendable {
    /// Rows at once: their products stay in the processor's cache.
    private static let blockRows = 4096

    /// N, in rising order.
    public let ids: [Int64]
    /// N descriptors.
    public let stored: StoredDescriptors

    init(ids: [Int64], stored: StoredDescriptors) {
        self.ids = ids
        self.stored = stored
    }

    public var count: Int { ids.count }

    /// Returns random int8 descriptors, for benchmarks.
    public static func generated(
        rows: Int, dim: Int, using numbers: inout some RandomNumberGenerator
    ) -> Database {
        let values = (0..<rows * dim).map { _ in Int8.random(in: -127...127, using: &numbers) }
        let scales = (0..<rows).map { row in
            1
                / values[row * dim..<(row + 1) * dim].reduce(0.0) { $0 + Double($1) * Double($1) }
                .squareRoot()
        }
        return Database(
            ids: (0..<rows).map(Int64.init),
            stored: StoredDescriptors(dim: dim, values: .int8(values), scales: scales))
    }

    /// Returns the `top` most similar pictures, best first; equal ones in the order of ids.
    ///
    /// - Parameter descriptor: of length 1, from the model that made the database.
    public func search(
        _ descriptor: [Float], top: Int, method: ScanMethod = .accelerate
    ) throws -> [Hit] {
        guard descriptor.count == stored.dim else {
            throw DescriptorError.otherDim(descriptor.count, expected: stored.dim)
        }
        let query = try StoredDescriptors(descriptor, as: stored.storage)
        return try search(query, top: top, method: method)
    }

    /// The same for a query that is stored already, as the database is.
    func search(
        _ query: StoredDescriptors, top: Int, method: ScanMethod = .accelerate
    ) throws -> [Hit] {
        guard query.dim == stored.dim, query.count == 1 else {
            throw DescriptorError.otherDim(query.dim, expected: stored.dim)
        }
        var best = BestRows(count: min(top, count))
        var sums = [Float64](repeating: 0, count: min(Self.blockRows, count))
        for start in stride(from: 0, to: count, by: Self.blockRows) {
            let rows = start..<min(start + Self.blockRows, count)
            try sums.withUnsafeMutableBufferPointer { sums in
                let block = UnsafeMutableBufferPointer(rebasing: sums[..<rows.count])
                try multiply(rows, query, method, into: block)
                for row in rows {
                    let similarity = block[row - start] * query.scales[0] * stored.scales[row]
                    best.offer(row, similarity)
                }
            }
        }
        return best.sorted().map { Hit(id: ids[$0.row], similarity: $0.similarity, row: $0.row) }
    }

    /// Returns the similarity of a row and a descriptor of length 1.
    func similarity(of row: Int, to descriptor: [Float]) throws -> Double {
        let query = try StoredDescriptors(descriptor, as: stored.storage)
        var sum = [0.0]
        try sum.withUnsafeMutableBufferPointer { sum in
            try multiply(row..<row + 1, query, .plain, into: sum)
        }
        return sum[0] * query.scales[0] * stored.scales[row]
    }

    /// Returns the similarity of two rows.
    func similarity(_ one: Int, _ other: Int) -> Double {
        let sum: Double
        switch stored.values {
        case .int8(let values):
            let (first, second) = (row(one, of: values), row(other, of: values))
            sum = zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        case .float16(let values):
            let (first, second) = (row(one, of: values), row(other, of: values))
            sum = zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        return sum * stored.scales[one] * stored.scales[other]
    }

    private func row<Value>(_ row: Int, of values: [Value]) -> ArraySlice<Value> {
        values[row * stored.dim..<(row + 1) * stored.dim]
    }

    private func multiply(
        _ rows: Range<Int>, _ query: StoredDescriptors, _ method: ScanMethod,
        into sums: UnsafeMutableBufferPointer<Float64>
    ) throws {
        let start = rows.lowerBound * stored.dim
        switch (stored.values, query.values) {
        case (.int8(let values), .int8(let asked)):
            withBases(values, asked) { values, asked in
                #if canImport(Accelerate)
                    if method == .accelerate, asked.count <= InnerProducts.longestExactInFloat {
                        InnerProducts.accelerated(rows: values + start, query: asked, into: sums)
                        return
                    }
                #endif
                InnerProducts.plain(rows: values + start, query: asked, into: sums)
            }
        case (.float16(let values), .float16(let asked)):
            withBases(values, asked) { values, asked in
                InnerProducts.plain(rows: values + start, query: asked, into: sums)
            }
        default:
            throw DescriptorError.otherStorage(query.storage, expected: stored.storage)
        }
    }

    private func withBases<Value>(
        _ values: [Value], _ query: [Value],
        _ body: (UnsafePointer<Value>, UnsafeBufferPointer<Value>) -> Void
    ) {
        values.withUnsafeBufferPointer { values in
            query.withUnsafeBufferPointer { query in
                if let base = values.baseAddress { body(base, query) }
            }
        }
    }
}

/// The best rows so far. Rows are offered in rising order, so a later equal one comes behind.
private struct BestRows {
    private let count: Int
    private var held: [(row: Int, similarity: Double)] = []
    /// What a row must be above once `count` rows are held.
    private var limit = -Double.infinity

    init(count: Int) {
        self.count = max(0, count)
        held.reserveCapacity(4 * self.count + 1)
    }

    mutating func offer(_ row: Int, _ similarity: Double) {
        guard count > 0, similarity > limit else { return }
        held.append((row, similarity))
        if held.count > 4 * count {
            held = sorted()
            limit = held[count - 1].similarity
        }
    }

    func sorted() -> [(row: Int, similarity: Double)] {
        let ordered = held.sorted {
            $0.similarity == $1.similarity ? $0.row < $1.row : $0.similarity > $1.similarity
        }
        return Array(ordered.prefix(count))
    }
}
