@testable import Actnet
@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

final class BenchmarkTests: XCTestCase {
    @MainActor
    private func opened(_ phone: FakePhone) async -> Demo {
        let demo = Demo(phone)
        demo.open()
        await demo.finished()
        return demo
    }

    private let plan = BenchmarkPlan(warmUpRuns: 1, runs: 3, sustainedS: 25)

    @MainActor
    func testMeasuresAndReports() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        demo.measure(plan)
        await demo.finished()
        guard case .done(let result, let file) = demo.state.benchmark else {
            return XCTFail("\(demo.state.benchmark)")
        }
        XCTAssertEqual(result.inferenceMs.count, 3)
        // The clock moves 1 ms with each look.
        XCTAssertEqual(result.stages.total.p50Ms, 4)
        XCTAssertEqual(result.inference.spread, 0)
        XCTAssertEqual(result.windows.count, 3)
        XCTAssertEqual(result.slowdown, 1)
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let report = try XCTUnwrap(json as? [String: Any])
        let measurement = try XCTUnwrap((report["measurements"] as? [[String: Any]])?.first)
        XCTAssertEqual(measurement["runtime"] as? String, "coreml all")
        XCTAssertEqual(measurement["samples_ms"] as? [Double], [1, 1, 1])
        let stages = try XCTUnwrap((report["stages"] as? [[String: Any]])?.first)
        XCTAssertEqual(stages["gallery"] as? Int, FakePhone.pictures)
        XCTAssertEqual(report["created"] as? String, "2026-01-02T03:00:00Z")
        _ = demo.perform(.open(.benchmark))
        XCTAssertTrue(demo.state.shown.blocks.contains(.share("Save the report", file: file)))
        // For actnet-bench, which tools/test.sh lets read it.
        if let kept = ProcessInfo.processInfo.environment["ACTNET_REPORT"] {
            try Data(contentsOf: file).write(to: URL(fileURLWithPath: kept))
        }
    }

    @MainActor
    func testAStoppedBenchmarkHasNoResult() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        demo.onChange {
            if case .running(let share) = demo.state.benchmark, share > 0.5 {
                _ = demo.perform(.stopMeasuring)
            }
        }
        demo.measure(plan)
        await demo.finished()
        XCTAssertEqual(demo.state.benchmark, .idle)
        XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: phone.caches.path), [])
    }

    @MainActor
    func testAnotherModelEndsABenchmark() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        var other = Settings()
        other.accelerator = .cpu
        demo.onChange {
            if case .running(let share) = demo.state.benchmark, share > 0.5 {
                _ = demo.perform(.change(other))
            }
        }
        demo.measure(plan)
        await demo.finished()
        XCTAssertEqual(demo.state.benchmark, .idle)
        // The change came while it was measured, and opens the model again.
        await demo.finished()
        XCTAssertTrue(demo.state.start.isReady)
    }

    @MainActor
    func testAModelThatFailsIsASentence() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        phone.facts.change { $0.modelFails = .failed(reason: "no buffer") }
        demo.measure(plan)
        await demo.finished()
        guard case .failed(let sentence) = demo.state.benchmark else {
            return XCTFail("\(demo.state.benchmark)")
        }
        XCTAssertTrue(sentence.hasPrefix("The model failed: no buffer."))
    }

    @MainActor
    func testAPhotoThatCannotBeStoredIsASentence() async throws {
        let phone = try FakePhone()
        let demo = await opened(phone)
        try FileManager.default.removeItem(at: phone.caches)
        demo.measure(plan)
        await demo.finished()
        guard case .failed(let sentence) = demo.state.benchmark else {
            return XCTFail("\(demo.state.benchmark)")
        }
        XCTAssertTrue(sentence.hasPrefix("The benchmark's photo cannot be stored"), sentence)
    }
}
