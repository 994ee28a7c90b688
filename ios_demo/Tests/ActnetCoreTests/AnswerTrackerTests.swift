import Foundation
import XCTest

@testable import ActnetCore

final class AnswerTrackerTests: XCTestCase {
    private struct Cases: Decodable {
        let cases: [Case]
    }

    private struct Case: Decodable {
        let name: String
        let frames: [Frame]
        let states: [String]
    }

    private struct Frame: Decodable {
        let at_ms: Double
        let hits: [Hit]
        let verified: Bool
        let outline: [[Double]]?

        var answer: FrameAnswer {
            let candidates = hits.map {
                Candidate(
                    key: $0.key, pictureId: $0.picture, similarity: $0.similarity,
                    inliers: $0.inliers)
            }
            return FrameAnswer(
                atMs: at_ms, best: candidates.first, verified: verified,
                outline: outline.map { $0.map { Place(x: $0[0], y: $0[1]) } },
                candidates: candidates)
        }
    }

    private struct Hit: Decodable {
        let key: String
        let picture: Int64
        let similarity: Double
        let inliers: Int
    }

    private func told(_ sighting: Sighting) -> String {
        switch sighting {
        case .looking: "looking"
        case .maybe(let candidates): "maybe " + candidates.map(\.key).joined(separator: " ")
        case .verified(let answer, let outline):
            "verified \(answer.key)" + (outline == nil ? "" : " +")
        }
    }

    private func cases() throws -> [Case] {
        let file = try Data(contentsOf: Golden.url("sightings.json"))
        return try JSONDecoder().decode(Cases.self, from: file).cases
    }

    func testEveryFrameGivesTheGoldenState() throws {
        let cases = try cases()
        XCTAssertGreaterThan(cases.count, 10)
        for one in cases {
            var tracker = AnswerTracker()
            let states = one.frames.map { told(tracker.take($0.answer)) }
            XCTAssertEqual(states, one.states, one.name)
        }
    }

    func testWhatIsShownChangesAtMostOnceASecond() throws {
        var changes = 0
        for one in try cases() {
            var tracker = AnswerTracker()
            var shown = withoutOutline(tracker.sighting)
            var changedMs = -Double.infinity
            for frame in one.frames {
                let next = withoutOutline(tracker.take(frame.answer))
                if next == shown { continue }
                let calmMs = frame.at_ms - changedMs
                XCTAssertGreaterThanOrEqual(
                    calmMs, 1000, "\(one.name): \(shown), then \(next)")
                shown = next
                changedMs = frame.at_ms
                changes += 1
            }
        }
        XCTAssertGreaterThan(changes, 20)
    }

    private func withoutOutline(_ sighting: Sighting) -> String {
        if case .verified(let answer, _) = sighting { return told(.verified(answer, outline: nil)) }
        return told(sighting)
    }
}
