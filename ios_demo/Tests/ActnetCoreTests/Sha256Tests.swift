import Foundation
import XCTest

@testable import ActnetCore

final class Sha256Tests: XCTestCase {
    /// FIPS 180-4's examples and others whose length lies around the borders of a block, from
    /// Python's hashlib.
    func testKnownHashes() {
        let known = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
            (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
            (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
            (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
            (1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
        for (count, hex) in known {
            XCTAssertEqual(Sha256.hex(of: Data(repeating: UInt8(ascii: "a"), count: count)), hex)
        }
        XCTAssertEqual(
            Sha256.hex(of: Data("abc".utf8)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    func testPiecesGiveTheSameAsTheWhole() {
        var numbers = SeededNumbers(state: 2)
        let data = Data((0..<1000).map { _ in UInt8.random(in: 0...255, using: &numbers) })
        var hash = PlainSha256()
        var place = 0
        while place < data.count {
            let end = min(data.count, place + Int.random(in: 0...150, using: &numbers))
            hash.update(data: data[place..<end])
            place = end
        }
        XCTAssertEqual(Data(hash.finalize()), Sha256.bytes(of: data))
    }

    func testFileAndFolder() throws {
        let scratch = try ScratchFolder()
        let manager = FileManager.default
        let package = scratch.file("m.mlpackage")
        try manager.createDirectory(
            at: package.appendingPathComponent("b/c"), withIntermediateDirectories: true)
        try Data("abc".utf8).write(to: package.appendingPathComponent("b/c/d"))
        try Data("abc".utf8).write(to: package.appendingPathComponent("b.txt"))
        try Data().write(to: package.appendingPathComponent("Z"))
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        XCTAssertEqual(
            try Sha256.hex(ofFileOrFolder: package.appendingPathComponent("b.txt")), abc)
        // "." comes before "/", and capitals before small letters.
        let text = "\(none)  Z\n\(abc)  b.txt\n\(abc)  b/c/d\n"
        XCTAssertEqual(
            try Sha256.hex(ofFileOrFolder: package), Sha256.hex(of: Data(text.utf8)))
        XCTAssertThrowsError(try Sha256.hex(ofFileOrFolder: scratch.file("nothing")))
    }
}
