/// The picture of a manifest's self-test: five lines in any language, no file to carry.
public enum GoldenPicture {
    /// The name that a manifest gives it.
    public static let name = "xor-1"

    /// Draws it: channel c of the pixel in row y and column x is ((2 + c) x XOR (4 - c) y) mod 256.
    ///
    /// - Returns: nil where there would be no pixel, or too many.
    public static func draw(width: Int, height: Int) -> RgbPicture? {
        guard RgbPicture.isSafe(width: width, height: height) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 {
                    bytes.append(UInt8(truncatingIfNeeded: ((2 + c) * x) ^ ((4 - c) * y)))
                }
            }
        }
        return RgbPicture(width: width, height: height, bytes: bytes)
    }
}

/// What a self-test found.
public struct SelfTest: Equatable, Sendable {
    /// Of the device's descriptor with the manifest's.
    public let cosine: Double

    /// Least cosine that the manifest asks for.
    public let cosineMin: Double

    public var passed: Bool { cosine >= cosineMin }

    /// Compares what the device gave for the golden picture with the manifest.
    ///
    /// - Returns: nil where the manifest names another picture, or the lengths differ.
    public init?(manifest: Manifest, descriptor: [Float]) {
        let golden = manifest.golden
        guard golden.picture == GoldenPicture.name, golden.descriptor.count == descriptor.count
        else { return nil }
        cosine = SelfTest.cosine(golden.descriptor, descriptor)
        cosineMin = golden.cosineMin
    }

    private static func cosine(_ one: [Float], _ other: [Float]) -> Double {
        var (dot, first, second) = (0.0, 0.0, 0.0)
        for (a, b) in zip(one, other) {
            dot += Double(a) * Double(b)
            first += Double(a) * Double(a)
            second += Double(b) * Double(b)
        }
        let lengths = (first * second).squareRoot()
        return lengths > 0 ? dot / lengths : 0
    }
}
