import Foundation

/// The texts of the screens in one language; app_tools/words.json has them for both apps.
public struct Words: Sendable {
    private let lookUp: @Sendable (String) -> String?

    /// - Parameter lookUp: the text of a key with `{0}`, `{1}` and so on for values; nil where there is none.
    public init(_ lookUp: @escaping @Sendable (String) -> String?) {
        self.lookUp = lookUp
    }

    /// Returns the text of a key with its values put in; the key itself where there is no text.
    public func callAsFunction(_ key: String, _ values: any Sendable...) -> String {
        values.enumerated().reduce(lookUp(key) ?? key) { text, value in
            text.replacingOccurrences(of: "{\(value.offset)}", with: "\(value.element)")
        }
    }
}
