import Foundation
import XCTest

@testable import ActnetCore

final class PictureFileTests: XCTestCase {
    private let names = ["jpeg_orientation_6.jpg", "rgb16.png", "lossless.webp"]

    private func source(_ name: String) throws -> Data {
        try Data(contentsOf: Golden.url("preprocessing/sources/\(name)"))
    }

    func testGoldenPicturesAreWholeAndTheirBeginningsAreNot() throws {
        for name in names {
            let file = try source(name)
            XCTAssertFalse(PictureFile.isTruncated(file), name)
            // What follows the end is no part of the picture: phones append films.
            XCTAssertFalse(PictureFile.isTruncated(file + Data(repeating: 7, count: 50)), name)
            for length in stride(from: 16, to: file.count, by: 1 + file.count / 300) {
                XCTAssertTrue(
                    PictureFile.isTruncated(file.prefix(length)), "\(name) cut to \(length)")
            }
            XCTAssertTrue(PictureFile.isTruncated(file.dropLast(2)), name)
        }
    }

    func testAnEndMarkerInsideMetadataIsNoEnd() {
        let start = Data([0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 0xFF, 0xD9])
        XCTAssertTrue(PictureFile.isTruncated(start))
        XCTAssertFalse(PictureFile.isTruncated(start + Data([0xFF, 0xFF, 0xD9])))
    }

    func testWhateverBytesComeTheyEndSomewhere() throws {
        var numbers = SeededNumbers(state: 1)
        let starts = try names.map { try source($0).prefix(40) }
        for number in 0..<3000 {
            let file = Data(
                (0..<Int.random(in: 0..<60, using: &numbers)).map { _ in
                    UInt8.random(in: 0...255, using: &numbers)
                })
            _ = PictureFile.isTruncated(file)
            let start = starts[number % starts.count].prefix(
                Int.random(in: 3..<40, using: &numbers))
            _ = PictureFile.isTruncated(start + file)
        }
        XCTAssertFalse(PictureFile.isTruncated(Data()))
        XCTAssertFalse(PictureFile.isTruncated(try source("bitmap.bmp").prefix(60)))
    }

    func testAJpegThatLacksOnlyItsEndMarkerIsWhole() throws {
        let file = try source("jpeg_orientation_6.jpg")
        let length = file.count - 2
        // A decoder that reads as many bytes as the picture has, like one of a phone.
        func checksum(_ data: Data) -> Int? { Array(data.prefix(length)).hashValue }
        for missing in 1...2 {
            let cut = Data(file.dropLast(missing))
            XCTAssertTrue(PictureFile.isTruncated(cut))
            XCTAssertTrue(PictureFile.lacksOnlyItsEnd(cut, checksum: checksum), "\(missing)")
            XCTAssertEqual(PictureFile.ended(cut), file)
        }
        for count in [length - 1, length - 40, length / 2, 10, 0] {
            let cut = Data(file.prefix(count))
            XCTAssertFalse(PictureFile.lacksOnlyItsEnd(cut, checksum: checksum), "\(count)")
        }
        // Nothing depends on the last bytes: they are no picture's.
        let padded = file + Data(repeating: 7, count: 50)
        XCTAssertFalse(PictureFile.lacksOnlyItsEnd(padded, checksum: checksum))
        XCTAssertFalse(PictureFile.lacksOnlyItsEnd(file.dropLast(2)) { _ in nil })
    }

    func testJpegsAreReducedUntilTheyFit() {
        XCTAssertEqual(PictureFile.reduction(width: 9459, height: 9459, jpeg: true), 1)
        // 108 and 200 million pixels, as phones make them.
        XCTAssertEqual(PictureFile.reduction(width: 12000, height: 9000, jpeg: true), 2)
        XCTAssertEqual(PictureFile.reduction(width: 16320, height: 12240, jpeg: true), 2)
        XCTAssertEqual(PictureFile.reduction(width: 400, height: 300, jpeg: false), 1)
        XCTAssertEqual(PictureFile.reduction(width: 357_913_940, height: 1, jpeg: true), 4)
        for (width, height, jpeg) in [
            (12000, 9000, false), (18919, 18919, true), (65535, 65535, true), (0, 5, true),
            (Int.max, Int.max, true),
        ] {
            XCTAssertNil(PictureFile.reduction(width: width, height: height, jpeg: jpeg))
        }
    }
}
