import Foundation

/// Reads binary portable pixmaps (P6, 8 bits), the one format that needs no decoder.
///
/// On Apple systems ImageIO decodes photos; elsewhere the command line takes these.
public enum PortablePixmap {
    /// Returns the picture in a file.
    public static func picture(from data: Data, name: String) throws -> RgbPicture {
        var reader = HeaderReader(bytes: [UInt8](data))
        guard reader.word() == "P6", let width = reader.number(), let height = reader.number(),
            reader.number() == 255
        else {
            throw PictureError.unreadable(name, reason: "it is not a P6 pixmap of 8 bits")
        }
        guard width > 0, height > 0, height <= RgbPicture.largestPixelCount / width else {
            throw PictureError.tooLarge(name)
        }
        let pixels = reader.rest(3 * width * height)
        guard let pixels, let picture = RgbPicture(width: width, height: height, bytes: pixels)
        else { throw PictureError.unreadable(name, reason: "it is truncated") }
        return picture
    }
}

private struct HeaderReader {
    private static let longestWord = 20

    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Skips white space and comments, returns the word behind them.
    mutating func word() -> String {
        while place < bytes.count, isSpace(bytes[place]) || bytes[place] == UInt8(ascii: "#") {
            if bytes[place] == UInt8(ascii: "#") {
                while place < bytes.count, bytes[place] != UInt8(ascii: "\n") { place += 1 }
            } else {
                place += 1
            }
        }
        let start = place
        while place < bytes.count, !isSpace(bytes[place]), place - start < Self.longestWord {
            place += 1
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    mutating func number() -> Int? {
        Int(word())
    }

    /// Returns `count` bytes behind the one white space that ends a header.
    func rest(_ count: Int) -> [UInt8]? {
        let start = place + 1
        return bytes.count - start >= count ? Array(bytes[start..<start + count]) : nil
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (9...13).contains(byte)
    }
}
