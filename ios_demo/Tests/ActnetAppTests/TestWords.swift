import Foundation
import XCTest

@testable import ActnetApp

/// The texts of a language as Xcode reads them; a key without a text is its own, and no state shows one.
func wordsOf(_ language: String) throws -> Words {
    let file = Golden.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("ios_demo/App/ActnetDemo/Localizable.xcstrings")
    let catalogue = try JSONDecoder().decode(Catalogue.self, from: Data(contentsOf: file))
    let texts = try catalogue.strings.mapValues { text in
        try XCTUnwrap(text.localizations[language]).stringUnit.value
    }
    return Words { key in
        if texts[key] == nil { XCTFail("no text \(key) in \(language)") }
        return texts[key]
    }
}

/// The texts that the tests look for.
let english: Words = (try? wordsOf("en")) ?? Words { _ in nil }

private struct Catalogue: Decodable {
    let strings: [String: Text]

    struct Text: Decodable { let localizations: [String: Localization] }
    struct Localization: Decodable { let stringUnit: Unit }
    struct Unit: Decodable { let value: String }
}

extension AppState {
    /// What is to be seen, in English.
    var shown: ScreenContent { content(english) }
}
