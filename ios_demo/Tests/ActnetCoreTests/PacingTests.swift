import XCTest

@testable import ActnetCore

final class PacingTests: XCTestCase {
    func testOneFrameAtATimeAndARestBetween() {
        var pacing = FramePacing()
        XCTAssertTrue(pacing.begin(nowMs: 0, level: .nominal))
        XCTAssertFalse(pacing.begin(nowMs: 500, level: .nominal))
        pacing.end(nowMs: 10, level: .nominal)
        XCTAssertFalse(pacing.begin(nowMs: 32, level: .nominal))
        XCTAssertTrue(pacing.begin(nowMs: 33, level: .nominal))
        pacing.end(nowMs: 83, level: .nominal)
        XCTAssertTrue(pacing.begin(nowMs: 83, level: .nominal))
    }

    func testRestsMoreAsThePhoneGetsHotAndStopsInTheEnd() {
        var pacing = FramePacing()
        XCTAssertTrue(pacing.begin(nowMs: 0, level: .serious))
        pacing.end(nowMs: 300, level: .serious)
        XCTAssertFalse(pacing.begin(nowMs: 1499, level: .serious))
        XCTAssertFalse(pacing.begin(nowMs: 1500, level: .critical))
        XCTAssertTrue(pacing.begin(nowMs: 1500, level: .nominal))
        XCTAssertEqual(FramePacing.intervalMs(tookMs: 50, level: .fair), 200)
        XCTAssertEqual(FramePacing.intervalMs(tookMs: 150, level: .fair), 300)
        XCTAssertEqual(FramePacing.intervalMs(tookMs: 50, level: .serious), 1000)
    }
}
