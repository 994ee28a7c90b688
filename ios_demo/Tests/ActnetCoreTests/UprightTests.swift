import XCTest

@testable import ActnetCore

final class UprightTests: XCTestCase {
    func testAQuarterTurnStaysUntilThePhoneIsWellBeyondIt() {
        var turn = PhoneTurn()
        let felt = [0, 44, 46, 60, 61, 90, 46, 31, 29, 350, 290, 270, 225, 211, 209, 180]
        let kept = felt.map { felt in
            turn.take(felt: felt)
            return turn.degrees
        }
        XCTAssertEqual(kept, [0, 0, 0, 0, 90, 90, 90, 90, 0, 0, 270, 270, 270, 270, 180, 180])
    }

    func testGravitySaysHowThePhoneIsHeld() {
        // Its top up, its left side up, its head down, its right side up.
        for (x, y, degrees) in [(0.0, -1.0, 0), (1, 0, 90), (0, 1, 180), (-1, 0, 270)] {
            var turn = PhoneTurn()
            turn.take(x: x, y: y, z: -0.2)
            XCTAssertEqual(turn.degrees, degrees)
            turn.take(x: 0.1, y: 0.1, z: -1)  // Flat on a table.
            XCTAssertEqual(turn.degrees, degrees)
        }
    }

    /// Worked out by hand: with its left side up the phone sees the scene turned against the clock.
    func testAPhoneHeldSidewaysGivesUprightFrames() throws {
        let (red, other): ([UInt8], [UInt8]) = ([9, 0, 0], [0, 0, 0])
        let scenes: [((Double, Double), [UInt8])] = [
            ((0, -1), red + other + other + other), ((1, 0), other + other + red + other),
            ((0, 1), other + other + other + red), ((-1, 0), other + red + other + other),
        ]
        for (gravity, bytes) in scenes {
            var turn = PhoneTurn()
            turn.take(x: gravity.0, y: gravity.1, z: 0)
            let frame = try XCTUnwrap(RgbPicture(width: 2, height: 2, bytes: bytes))
            let upright = frame.upright(exifOrientation: turn.exifOrientation)
            XCTAssertEqual(Array(upright.bytes.prefix(3)), red, "\(gravity)")
        }
    }
}
