import XCTest

@testable import ActnetCore

final class StatisticsTests: XCTestCase {
    func testPercentilesAreLinearBetweenSamples() throws {
        // numpy.percentile([1, 2, 4, 8, 16], (50, 90, 99)) = 4, 12.8, 15.68
        let summary = try XCTUnwrap(LatencySummary(samplesMs: [8, 1, 16, 2, 4]))
        XCTAssertEqual(summary.p50Ms, 4)
        XCTAssertEqual(summary.p90Ms, 12.8, accuracy: 1e-12)
        XCTAssertEqual(summary.p99Ms, 15.68, accuracy: 1e-12)
        XCTAssertEqual(summary.meanMs, 6.2, accuracy: 1e-12)
        XCTAssertEqual([summary.minMs, Double(summary.count)], [1, 5])
        XCTAssertEqual(LatencySummary(samplesMs: [3])?.p99Ms, 3)
        XCTAssertNil(LatencySummary(samplesMs: []))
        XCTAssertNil(LatencySummary(samplesMs: [1, .nan]))
    }

    func testRecentSamplesForgetTheOldest() {
        var recent = RecentSamples(capacity: 3)
        XCTAssertNil(recent.summary)
        for sample in [9.0, 1, 2, 3] { recent.add(sample) }
        XCTAssertEqual(recent.summary?.p50Ms, 2)
        XCTAssertEqual(recent.summary?.count, 3)
    }
}
