import Foundation
import XCTest

@testable import ActnetApp
@testable import Actnet
@testable import ActnetCore

final class ScreensTests: XCTestCase {
    /// Writes what the app shows beside what it must show, for a person to compare.
    func testEveryStateShowsWhatBothAppsMustShow() throws {
        let wanted = try JSONDecoder().decode(
            ScreensFile.self, from: Data(contentsOf: Golden.url("screens.json"))
        ).states.filter { ($0.only ?? "ios") == "ios" }
        let (en, de) = (try wordsOf("en"), try wordsOf("de"))
        let shown = try MadeUp().states.map { state in
            ShownState(
                name: state.name, only: state.only, en: ShownContent(state.content(en)),
                de: ShownContent(state.content(de)))
        }
        if let report = ProcessInfo.processInfo.environment["ACTNET_REPORT"] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let file = URL(fileURLWithPath: report).deletingLastPathComponent()
                .appendingPathComponent("screens.json")
            try encoder.encode(ScreensFile(states: shown)).write(to: file)
        }
        XCTAssertEqual(wanted.map(\.name), shown.map(\.name))
        for (one, other) in zip(wanted, shown) {
            XCTAssertEqual(one.en, other.en, one.name)
            XCTAssertEqual(one.de, other.de, one.name)
        }
    }

    /// Android's live regions are these, too.
    func testAnswersAndProblemsAreSaidByThemselves() throws {
        for state in try MadeUp().states {
            let content = state.content(english)
            let wanted: [String] = ShownContent(content).blocks.compactMap {
                $0.announced == true || $0.kind == "problem" ? $0.text : nil
            }
            XCTAssertEqual(content.announcements, wanted, state.name)
            let isAnswered = state.name.hasPrefix("verified") || state.name == "maybe"
            let isRefused = state.name.contains("refused") || state.name.contains("failed")
            XCTAssertFalse((isAnswered || isRefused) && content.announcements.isEmpty, state.name)
        }
    }

    func testALinkOfTheCatalogueLeadsOutOnlyWhereItIsSafe() {
        for link in [
            "https://example.org/a?b=c#d", "http://example.org", "mailto:shop@example.org",
            " HTTPS://a.b ",
        ] {
            XCTAssertEqual(safeLink(link), link.trimmingCharacters(in: .whitespaces))
        }
        for link in [
            "javascript:alert(1)", "file:///data/x", "tel:1", "https://", "https://a b",
            "https://a\nb", "", "//example.org", "itms-apps://x", "data:text/html,x",
            "app-settings:", "https://a\u{0}b",
        ] {
            XCTAssertNil(safeLink(link), link)
        }
    }

    func testOnlyPhotosOfThisPhoneCanBeDeletedOrNamed() throws {
        let made = try MadeUp()
        let actions = { (name: String) -> [Action] in
            let content = made.states.first { $0.name == name }?.content(english)
            return (content?.blocks ?? []).compactMap { block in
                if case .button(_, let action) = block { action } else { nil }
            }
        }
        XCTAssertTrue(actions("item of the phone").contains(.delete(made.mine.path)))
        XCTAssertTrue(actions("item of the phone").contains(.rename(made.mine.path)))
        XCTAssertEqual(actions("item").count, 3)
        for action in actions("item") {
            XCTAssertNotEqual(action, .delete(made.night.path))
            XCTAssertNotEqual(action, .rename(made.night.path))
        }
    }

    func testFiguresAreForDevelopersAlone() throws {
        let figure = try NSRegularExpression(
            pattern: "similarity [0-9]|[0-9] ms|[0-9] x [0-9]|values of")
        for state in try MadeUp().states where !state.name.contains("developers") {
            for case .paragraph(let text) in state.content(english).blocks {
                let whole = NSRange(text.startIndex..., in: text)
                XCTAssertNil(figure.firstMatch(in: text, range: whole), "\(state.name): \(text)")
            }
        }
    }

    func testAViewKeepsItsMeaningWhenOthersComeAndGo() throws {
        let made = try MadeUp()
        let ids = { (sight: Sight) in
            liveContent(made.seeing(sight), made.visitor, torch: nil, english).identified.map(\.id)
        }
        let (looking, asked) = (ids(.nothing), ids(.asked([made.night, made.wave])))
        let picked = "button freeze(true) 0"
        for shown in [looking, asked] {
            XCTAssertEqual(Set(shown).count, shown.count)
            XCTAssertTrue(shown.contains(picked), "\(shown)")
        }
        // A row stays the row of its picture wherever it stands.
        XCTAssertEqual(
            Set(asked).subtracting(looking),
            Set(ids(.asked([made.wave, made.night]))).subtracting(looking))
    }

    func testARefusedStartStandsBeforeEveryScreenButTheSettings() {
        var state = AppState()
        state.start = .refused("The gallery is damaged.", gallery: true)
        for screen in Screen.allCases {
            state.screen = screen
            let shown = state.shown.blocks
            XCTAssertTrue(shown.contains(.problem(english("refused"))))
            XCTAssertTrue(shown.contains(.paragraph("Details: The gallery is damaged.")))
            let restore = Block.button(english("restore"), .restoreGallery)
            XCTAssertEqual(shown.contains(restore), screen != .settings)
            XCTAssertFalse(state.wantsCamera)
        }
    }

    func testWhereBackLeads() throws {
        var state = AppState()
        for screen in Screen.allCases {
            state.screen = screen
            switch screen {
            case .results: XCTAssertEqual(state.back, .open(.live))
            case .benchmark, .about: XCTAssertEqual(state.back, .open(.settings))
            default: XCTAssertNil(state.back)
            }
        }
        let made = try MadeUp()
        state.picture = PictureState(
            thing: made.night, picture: GalleryPicture.sample(1, "p", nil), photo: nil, name: "")
        XCTAssertEqual(state.back, .back)
    }
}

extension GalleryPicture {
    static func sample(_ id: Int64, _ path: String, _ label: String?) -> GalleryPicture {
        GalleryPicture(id: id, path: path, label: label, widthPx: 300, heightPx: 400)
    }
}
