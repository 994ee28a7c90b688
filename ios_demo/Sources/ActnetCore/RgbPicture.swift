/// An upright picture of 8-bit RGB, row by row without gaps: height x width x 3 bytes.
public struct RgbPicture: Equatable, Sendable {
    /// Above this many pixels a picture is refused; the limit of docs/preprocessing.md.
    public static let largestPixelCount = 89_478_485

    public let width: Int
    public let height: Int
    public let bytes: [UInt8]

    /// Returns nil where the number of bytes is not 3 x width x height, or there is no pixel.
    public init?(width: Int, height: Int, bytes: [UInt8]) {
        guard Self.isSafe(width: width, height: height), bytes.count == 3 * width * height
        else { return nil }
        self.width = width
        self.height = height
        self.bytes = bytes
    }

    /// Copies pixels of four bytes: camera frames and decoded photos.
    ///
    /// Transparency is laid over white: (colour x alpha + 255 x (255 - alpha) + 127) / 255.
    ///
    /// - Parameters:
    ///   - pixels: `height` rows of `rowBytes` bytes, of which the first 4 x width count.
    ///   - order: where the channels lie in a pixel.
    /// - Returns: nil where `pixels` is too short, or there is no pixel.
    public init?(
        width: Int, height: Int, rowBytes: Int, pixels: UnsafeRawBufferPointer, order: PixelOrder
    ) {
        guard Self.isSafe(width: width, height: height), rowBytes >= 4 * width,
            pixels.count >= (height - 1) * rowBytes + 4 * width
        else { return nil }
        self.width = width
        self.height = height
        let (red, green, blue) = order.colours
        bytes = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { target, count in
            for y in 0..<height {
                for x in 0..<width {
                    let from = y * rowBytes + 4 * x
                    let to = 3 * (y * width + x)
                    let alpha = order == .rgba ? Int(pixels[from + 3]) : 255
                    target[to] = overWhite(pixels[from + red], alpha)
                    target[to + 1] = overWhite(pixels[from + green], alpha)
                    target[to + 2] = overWhite(pixels[from + blue], alpha)
                }
            }
            count = 3 * width * height
        }
    }

    /// Tells whether a picture of this size may be decoded.
    public static func isSafe(width: Int, height: Int) -> Bool {
        guard width > 0, height > 0 else { return false }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        return !overflow && count <= largestPixelCount
    }
}

/// Where the channels lie in a pixel of four bytes.
public enum PixelOrder: Sendable {
    /// Blue, green, red, nothing: camera frames.
    case bgrx
    /// Red, green, blue, alpha that the colours are not multiplied with: decoded photos.
    case rgba
    /// Red, green, blue, nothing: what was drawn over white.
    case rgbx

    /// Offsets of red, green and blue.
    fileprivate var colours: (Int, Int, Int) { self == .bgrx ? (2, 1, 0) : (0, 1, 2) }
}

private func overWhite(_ colour: UInt8, _ alpha: Int) -> UInt8 {
    UInt8((Int(colour) * alpha + 255 * (255 - alpha) + 127) / 255)
}
