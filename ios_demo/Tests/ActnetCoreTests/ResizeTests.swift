import Foundation
import XCTest

@testable import ActnetCore

final class ResizeTests: XCTestCase {
    struct Index: Decodable {
        let preprocessing: String
        let version: Int
        let cases: [Case]
    }

    struct Case: Decodable {
        let source: String
        let decodedWidth: Int
        let decodedHeight: Int
        let decodedSha256: String
        let expected: String
        let height: Int
        let width: Int
        let sha256: String
    }

    func testEveryGoldenPictureToTheBit() throws {
        let index = try Golden.index(Index.self, "preprocessing/index.json")
        XCTAssertEqual(index.preprocessing, Preprocessing.name)
        XCTAssertEqual(index.version, Preprocessing.version)
        XCTAssertGreaterThan(index.cases.count, 30)
        for golden in index.cases {
            let picture = try decoded(golden)
            XCTAssertEqual(Sha256.hex(of: Data(picture.bytes)), golden.decodedSha256)
            let resized = picture.resized(width: golden.width, height: golden.height)
            let expected = try Data(contentsOf: Golden.url("preprocessing/" + golden.expected))
            XCTAssertEqual(resized.map { Data($0.bytes) }, expected, golden.source)
            XCTAssertEqual(Sha256.hex(of: expected), golden.sha256)
        }
    }

    /// The golden pictures orientation_N.png hold the same pixels, and differ in what EXIF says.
    func testTurnsAsPillowDoes() throws {
        let cases = try Golden.index(Index.self, "preprocessing/index.json").cases
        let golden = cases.filter { $0.source.contains("/orientation_") && $0.width == $0.height }
        let stored = try decoded(XCTUnwrap(golden.first { $0.source.hasSuffix("_1.png") }))
        for value in 1...8 {
            let name = "orientation_\(value).png"
            let upright = try decoded(XCTUnwrap(golden.first { $0.source.hasSuffix(name) }))
            XCTAssertEqual(stored.upright(exifOrientation: value), upright, name)
        }
        for value in [0, 9, -1] { XCTAssertEqual(stored.upright(exifOrientation: value), stored) }
    }

    /// Decoded by Pillow before the tests begin; the index has the hash of each.
    private func decoded(_ golden: Case) throws -> RgbPicture {
        let folder = try XCTUnwrap(
            ProcessInfo.processInfo.environment["ACTNET_DECODED"],
            "set ACTNET_DECODED to the folder that make test-ios fills")
        let name = URL(fileURLWithPath: golden.source).lastPathComponent + ".rgb"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(name))
        return try XCTUnwrap(
            RgbPicture(
                width: golden.decodedWidth, height: golden.decodedHeight, bytes: [UInt8](bytes)))
    }

    func testRefusesSizesThatCannotBe() throws {
        let picture = try XCTUnwrap(RgbPicture(width: 1, height: 2, bytes: [1, 2, 3, 4, 5, 6]))
        for (width, height) in [(0, 1), (1, 0), (-1, 5), (.max, 1), (.max, .max), (1 << 30, 3)] {
            XCTAssertNil(picture.resized(width: width, height: height))
            XCTAssertNil(RgbPicture(width: width, height: height, bytes: []))
            XCTAssertNil(GoldenPicture.draw(width: width, height: height))
        }
        XCTAssertNil(RgbPicture(width: 1, height: 2, bytes: [0, 0, 0, 0, 0]))
    }

    func testSameSizeStaysAsItIs() throws {
        let picture = try XCTUnwrap(GoldenPicture.draw(width: 7, height: 5))
        XCTAssertEqual(picture.resized(width: 7, height: 5), picture)
    }

    func testCameraFramesAndPhotosOfFourBytes() throws {
        // Two pixels a row, a row of 12 bytes of which 4 are padding.
        let bytes: [UInt8] = [1, 2, 3, 9, 4, 5, 6, 9, 0, 0, 0, 0, 7, 8, 9, 9, 10, 11, 12, 9]
        let frame = bytes.withUnsafeBytes {
            RgbPicture(width: 2, height: 2, rowBytes: 12, pixels: $0, order: .bgrx)
        }
        XCTAssertEqual(frame?.bytes, [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10])
        // Over white: opaque, half, transparent. (100 * 128 + 255 * 127 + 127) / 255 = 177.
        let photo: [UInt8] = [10, 20, 30, 255, 100, 100, 100, 128, 1, 2, 3, 0]
        let white = photo.withUnsafeBytes {
            RgbPicture(width: 3, height: 1, rowBytes: 12, pixels: $0, order: .rgba)
        }
        XCTAssertEqual(white?.bytes, [10, 20, 30, 177, 177, 177, 255, 255, 255])
        let drawn = photo.withUnsafeBytes {
            RgbPicture(width: 3, height: 1, rowBytes: 12, pixels: $0, order: .rgbx)
        }
        XCTAssertEqual(drawn?.bytes, [10, 20, 30, 100, 100, 100, 1, 2, 3])
        photo.withUnsafeBytes {
            XCTAssertNil(RgbPicture(width: 3, height: 2, rowBytes: 12, pixels: $0, order: .rgba))
            XCTAssertNil(RgbPicture(width: 3, height: 1, rowBytes: 8, pixels: $0, order: .rgba))
        }
    }
}
