import Foundation
import XCTest

@testable import ActnetCore

final class SearchTests: XCTestCase {
    private func database(_ rows: [[Int8]]) -> Database {
        let scales = rows.map { row in
            1 / row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        return Database(
            ids: rows.indices.map { Int64(10 * $0) },
            stored: StoredDescriptors(
                dim: rows[0].count, values: .int8(rows.flatMap { $0 }), scales: scales))
    }

    private func randomRows(_ count: Int, dim: Int, seed: UInt64) -> [[Int8]] {
        var numbers = SeededNumbers(state: seed)
        return (0..<count).map { _ in
            (0..<dim).map { _ in Int8.random(in: -127...127, using: &numbers) }
        }
    }

    /// The rule of docs/gallery.md, written as plainly as can be.
    private func expected(_ rows: [[Int8]], _ query: [Int8], _ top: Int) -> [Int64] {
        let base = database(rows)
        let scale = 1 / query.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let found = rows.indices.map { row in
            let sum = zip(rows[row], query).reduce(0) { $0 + Int($1.0) * Int($1.1) }
            return (Double(sum) * scale * base.stored.scales[row], base.ids[row])
        }
        return found.sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 > $1.0 }.prefix(top).map(\.1)
    }

    func testFindsWhatSortingEverythingFinds() throws {
        for (count, dim) in [(1, 1), (7, 3), (5000, 17), (9000, 8)] {
            var rows = randomRows(count, dim: dim, seed: 4)
            if count > 100 { for row in 50..<90 { rows[row] = rows[3] } }
            let base = database(rows)
            let query = rows[count / 2]
            let scale = 1 / query.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let asked = StoredDescriptors(dim: dim, values: .int8(query), scales: [scale])
            for top in [0, 1, 5, 300, count + 3] {
                for method in ScanMethod.allCases {
                    let hits = try base.search(asked, top: top, method: method)
                    XCTAssertEqual(hits.map(\.id), expected(rows, query, top))
                }
            }
        }
    }

    func testLargestSumsFitAndAreExact() throws {
        let dim = 65536
        let row = [Int8](repeating: -127, count: dim)
        let asked = StoredDescriptors(dim: dim, values: .int8(row), scales: [1])
        let base = Database(
            ids: [1], stored: StoredDescriptors(dim: dim, values: .int8(row), scales: [1]))
        XCTAssertEqual(try base.search(asked, top: 1).first?.similarity, 16129.0 * 65536)
    }

    func testFloatHoldsEverySumThatAccelerateAdds() {
        XCTAssertLessThan(127 * 127 * InnerProducts.longestExactInFloat, 1 << 24)
    }

    func testAnEmptyDatabaseHasNoHits() throws {
        let base = StoredDescriptorsBuilder(dim: 2, storage: .int8).build()
        let hits = try Database(ids: [], stored: base).search([0.6, 0.8], top: 5)
        XCTAssertEqual(hits, [])
    }

    func testRefusesQueriesThatMeanNothing() throws {
        let base = database([[1, 2]])
        assertThrows(DescriptorError.otherDim(3, expected: 2)) {
            _ = try base.search([1, 0, 0], top: 1)
        }
        assertThrows(DescriptorError.otherDim(0, expected: 2)) { _ = try base.search([], top: 1) }
        assertThrows(DescriptorError.notOfLengthOne(0)) { _ = try base.search([0, 0], top: 1) }
        assertThrows(DescriptorError.notOfLengthOne(.infinity)) {
            _ = try base.search([.infinity, 0], top: 1)
        }
        XCTAssertThrowsError(try base.search([.nan, 0], top: 1)) { assertHelps($0) }
        let halves = try StoredDescriptors([0.6, 0.8], as: .float16)
        assertThrows(DescriptorError.otherStorage(.float16, expected: .int8)) {
            _ = try base.search(halves, top: 1)
        }
    }

    func testRoundsHalvesToTheEvenNumber() throws {
        // 127 / 0.75 x 0.375 = 63.5 -> 64; the negative one alike; 0.5 / 127 x 0.75 -> 0.5 -> 0.
        let half = Float(0.75 / 254)
        let rest = (1 - 0.75 * 0.75 - 2 * 0.375 * 0.375 - Double(half) * Double(half)).squareRoot()
        let stored = try StoredDescriptors([0.75, 0.375, -0.375, half, Float(rest)], as: .int8)
        guard case .int8(let values) = stored.values else { return XCTFail("not int8") }
        XCTAssertEqual(Array(values.prefix(4)), [127, 64, -64, 0])
    }

    func testGroupsNearDuplicatesBehindTheFirst() {
        let base = database([[100, 0], [99, 5], [0, 100], [100, 1], [5, 99]])
        let hits = [0, 2, 1, 3, 4].map { Hit(id: Int64(10 * $0), similarity: 0, row: $0) }
        let groups = base.group(hits, threshold: 0.99)
        XCTAssertEqual(groups.map { $0.map(\.row) }, [[0, 1, 3], [2, 4]])
        XCTAssertEqual(base.group([], threshold: 0.99), [])
    }
}
