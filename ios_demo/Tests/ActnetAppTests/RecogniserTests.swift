@testable import Actnet
@testable import ActnetCore
import ActnetSample
import Foundation
import XCTest

/// The library as an app of one's own uses it: over the files that came with the fake app.
final class RecogniserTests: XCTestCase {
    private func finder(_ phone: FakePhone) async throws -> ThingFinder {
        let describer = FakeDescriber(try phone.manifest(), phone, .cpu)
        return try await ThingFinder(
            assets: phone.bundled, model: FakePhone.name, describer: describer)
    }

    private func picture(_ value: UInt8) throws -> RgbPicture {
        try XCTUnwrap(
            RgbPicture(width: 2, height: 2, bytes: [UInt8](repeating: value, count: 12)))
    }

    func testTheSampleNamesWhatItKnows() async throws {
        let finder = try await finder(FakePhone())
        let known = try await finder.names(of: picture(4), language: "en")
        XCTAssertEqual(known, ["Moby Dick"])
        let other = try await finder.names(of: picture(5), language: "en")
        XCTAssertEqual(other, ["p5.jpg"])
    }

    func testTheSampleAsksAboutWhatItDoesNotKnow() async throws {
        let finder = try await finder(FakePhone())
        let asked = try await finder.names(of: picture(14), language: "en")
        XCTAssertEqual(asked.count, 3)
    }

    func testTheSampleNamesFramesCalmly() async throws {
        let finder = try await finder(FakePhone())
        var named: [String?] = []
        for (number, value) in ([14, 4, 14, 4, 5, 5, 5] as [UInt8]).enumerated() {
            let atMs = 400 * Double(number)
            named.append(try await finder.name(inFrame: picture(value), atMs: atMs))
        }
        XCTAssertEqual(named.first, .some(nil))
        XCTAssertEqual(named[1...3].map { $0 }, Array(repeating: "Moby Dick", count: 3))
        XCTAssertEqual(named.last, "p5.jpg")
    }

    func testAModelThatFailsItsSelfTestIsNotUsed() async throws {
        let phone = try FakePhone()
        phone.facts.change { $0.isBroken = true }
        do {
            _ = try await finder(phone)
            XCTFail("it was opened")
        } catch {
            guard case EngineError.failedSelfTest = error else { return XCTFail("\(error)") }
        }
    }
}
