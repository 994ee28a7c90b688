import Foundation
import XCTest

@testable import Actnet
@testable import ActnetCore

/// The golden files of the checkout, which pytest, JUnit and XCTest all read.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("tests/golden")

    static func url(_ path: String) -> URL {
        folder.appendingPathComponent(path)
    }

    static func index<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: url(path)))
    }
}

/// An empty folder for one test.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Returns bytes with a few of them changed, some dropped, or the end cut off.
func damaged(_ data: Data, _ numbers: inout SeededNumbers) -> Data {
    var bytes = [UInt8](data)
    switch Int.random(in: 0..<4, using: &numbers) {
    case 0:
        bytes.removeLast(Int.random(in: 0...bytes.count, using: &numbers))
    case 1 where bytes.count > 1:
        let start = Int.random(in: 0..<bytes.count, using: &numbers)
        let end = min(bytes.count, start + Int.random(in: 1...64, using: &numbers))
        bytes.removeSubrange(start..<end)
    default:
        for _ in 0..<Int.random(in: 1...16, using: &numbers) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            bytes[place] = UInt8.random(in: 0...255, using: &numbers)
        }
    }
    return Data(bytes)
}

/// Expects an error of a kind, with a sentence and a way out.
func assertThrows<E: ActnetError>(
    _ expected: E, file: StaticString = #filePath, line: UInt = #line, _ body: () throws -> Void
) {
    XCTAssertThrowsError(try body(), file: file, line: line) { error in
        XCTAssertEqual(error as? E, expected, file: file, line: line)
        assertHelps(error, file: file, line: line)
    }
}

/// Expects a sentence and what to do.
func assertHelps(_ error: Error, file: StaticString = #filePath, line: UInt = #line) {
    let error = error as? any ActnetError
    XCTAssertFalse((error?.errorDescription ?? "").isEmpty, file: file, line: line)
    XCTAssertFalse((error?.recoverySuggestion ?? "").isEmpty, file: file, line: line)
}
