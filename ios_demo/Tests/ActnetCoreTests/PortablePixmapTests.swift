import Foundation
import XCTest

@testable import ActnetCore

final class PortablePixmapTests: XCTestCase {
    private func read(_ header: String, _ pixels: [UInt8]) throws -> RgbPicture {
        try PortablePixmap.picture(from: Data(header.utf8) + Data(pixels), name: "p.ppm")
    }

    func testReadsHeaderWithComments() throws {
        let picture = try read("P6 # made by hand\n1\t2\n255\n", [1, 2, 3, 4, 5, 6, 7])
        XCTAssertEqual(picture, RgbPicture(width: 1, height: 2, bytes: [1, 2, 3, 4, 5, 6]))
    }

    func testRefusesWhatIsNone() {
        let noPixmap = PictureError.unreadable("p.ppm", reason: "it is not a P6 pixmap of 8 bits")
        for header in ["", "P5 1 1 255\n", "P6 1 1 65535\n", "P6 x 1 255\n", "P6 #", "P6 1"] {
            assertThrows(noPixmap) { _ = try read(header, [0, 0, 0]) }
        }
        let truncated = PictureError.unreadable("p.ppm", reason: "it is truncated")
        assertThrows(truncated) { _ = try read("P6 1 2 255\n", [0, 0, 0]) }
        for header in ["P6 0 1 255\n", "P6 -1 1 255\n", "P6 99999 99999 255\n"] {
            assertThrows(PictureError.tooLarge("p.ppm")) { _ = try read(header, [0, 0, 0]) }
        }
    }

    func testDamagedFilesNeverCrash() {
        var numbers = SeededNumbers(state: 1)
        let whole = Data("P6\n4 4\n255\n".utf8) + Data(repeating: 7, count: 48)
        for _ in 0..<2000 {
            do {
                let bytes = damaged(whole, &numbers)
                let picture = try PortablePixmap.picture(from: bytes, name: "p.ppm")
                XCTAssertEqual(picture.bytes.count, 3 * picture.width * picture.height)
            } catch {
                assertHelps(error)
            }
        }
    }
}
