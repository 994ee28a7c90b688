import Foundation
import XCTest

@testable import ActnetCore

final class ViewsTests: XCTestCase {
    /// tests/golden/views.json. Keys of dictionaries would be changed by Golden.index.
    private struct Index: Decodable {
        let workingSidePx: Int
        let sets: [String: [String]]
        let photos: [Photo]
        let pixels: [Drawn]

        enum CodingKeys: String, CodingKey {
            case workingSidePx = "working_side_px"
            case sets, photos, pixels
        }
    }

    private struct Photo: Decodable {
        let size: [Int]
        let workingSize: [Int]
        let boxes: [String: [Int]]

        enum CodingKeys: String, CodingKey {
            case workingSize = "working_size"
            case size, boxes
        }
    }

    private struct Drawn: Decodable {
        let size: [Int]
        let sha256: [String: String]
    }

    private func index() throws -> Index {
        try JSONDecoder().decode(Index.self, from: Data(contentsOf: Golden.url("views.json")))
    }

    private func view(_ name: String) throws -> PhotoView {
        let words = name.split(separator: "@").map(String.init)
        let turn = words.count > 1 ? try XCTUnwrap(Int(words[1])) : 0
        return PhotoView(
            try XCTUnwrap(Crop(rawValue: words[0])), try XCTUnwrap(PhotoView.Turn(rawValue: turn)))
    }

    func testBoxesAreThoseOfTheGoldenFile() throws {
        let index = try index()
        XCTAssertEqual(index.workingSidePx, Views.workingSidePx)
        XCTAssertGreaterThan(index.photos.count, 9)
        for photo in index.photos {
            let size = Views.workingSize(width: photo.size[0], height: photo.size[1])
            XCTAssertEqual([size.width, size.height], photo.workingSize)
            XCTAssertEqual(photo.boxes.count, Crop.allCases.count)
            for crop in Crop.allCases {
                let box = Views.box(crop, width: size.width, height: size.height)
                XCTAssertEqual(
                    [box.left, box.top, box.left + box.width, box.top + box.height],
                    photo.boxes[crop.rawValue], "\(crop) of \(photo.size)")
            }
        }
    }

    func testSetsAreThoseOfTheGoldenFile() throws {
        XCTAssertEqual(Views.sets.mapValues { $0.map(\.description) }, try index().sets)
    }

    func testPixelsAreThoseOfTheGoldenFile() throws {
        for drawn in try index().pixels {
            let photo = try XCTUnwrap(
                GoldenPicture.draw(width: drawn.size[0], height: drawn.size[1]))
            let names = drawn.sha256.keys.sorted()
            XCTAssertEqual(names.count, 10)
            let pictures = try XCTUnwrap(photo.pictures(of: names.map(view)))
            for (name, picture) in zip(names, pictures) {
                XCTAssertEqual(Sha256.hex(of: Data(picture.bytes)), drawn.sha256[name], name)
            }
        }
    }

    func testTheWholeIsThePhotoItselfAndATurnIsClockwise() throws {
        let grey = (0..<6).flatMap { [UInt8](repeating: $0, count: 3) }
        let photo = try XCTUnwrap(RgbPicture(width: 3, height: 2, bytes: grey))
        let pictures = try XCTUnwrap(
            photo.pictures(of: [PhotoView(.whole), PhotoView(.whole, .right)]))
        XCTAssertEqual(pictures[0], photo)
        // The left column, read upwards, becomes the top row.
        XCTAssertEqual([pictures[1].width, pictures[1].height], [2, 3])
        let expected = [3, 0, 4, 1, 5, 2].flatMap { [UInt8](repeating: $0, count: 3) }
        XCTAssertEqual(pictures[1].bytes, expected)
        XCTAssertNil(photo.cropped(PixelBox(left: 1, top: 0, width: 3, height: 1)))
    }

    func testALongStripHasViews() throws {
        let strip = try XCTUnwrap(
            RgbPicture(width: 1, height: 2_000_000, bytes: [UInt8](repeating: 7, count: 6_000_000)))
        XCTAssertEqual(strip.pictures(of: Views.none), [strip])
        let views = try XCTUnwrap(strip.pictures(of: Views.standard))
        XCTAssertEqual(views.map { [$0.width, $0.height] }[2], [1, 320])
    }
}
