// What Sources/ActnetPhone uses of Apple's Uniform Type Identifiers; see CoreML.swift.
public struct UTType: Sendable {
    public static let image = UTType()
}
