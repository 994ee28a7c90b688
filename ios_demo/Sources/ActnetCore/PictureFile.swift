import Foundation

/// What is looked at in a picture file before a phone's decoder gets it.
///
/// docs/preprocessing.md has the rules.
public enum PictureFile {
    private static let largestJpegPixelCount = 4 * RgbPicture.largestPixelCount
    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let pngChunkBytes = 12
    private static let endOfImage: UInt8 = 0xD9
    // What no picture holds after its last byte, and how much of its end a whole one depends on.
    private static let oddBytes = Data((0..<192).map { ([0x5A, 0xA5, 0x3C] as [UInt8])[$0 % 3] })
    private static let lastByteCount = 16

    /// Tells a JPEG by its first bytes.
    public static func isJpeg(_ file: Data) -> Bool {
        file.starts(with: [0xFF, 0xD8, 0xFF] as [UInt8])
    }

    /// Tells whether a JPEG, PNG or WebP file ends too early.
    ///
    /// A phone's decoder fills what is missing with grey. A JPEG without its end marker counts:
    /// `lacksOnlyItsEnd` tells whether only the marker is missing.
    public static func isTruncated(_ file: Data) -> Bool {
        file.withUnsafeBytes { bytes in
            if isJpeg(file) { return isTruncatedJpeg(bytes) }
            if file.starts(with: pngSignature) { return isTruncatedPng(bytes) }
            if file.count >= pngChunkBytes, file.starts(with: Array("RIFF".utf8)),
                bytes[8..<12].elementsEqual("WEBP".utf8)
            {
                return littleEndian(bytes, 4) + 8 > bytes.count
            }
            return false
        }
    }

    /// Returns a JPEG that has lost its end marker, or half of it, with the marker.
    public static func ended(_ file: Data) -> Data { withMarker(unended(file)) }

    /// Tells whether a JPEG without its end marker lacks nothing else.
    ///
    /// Its pixels then do not depend on what follows its last byte, and do depend on its last
    /// bytes.
    ///
    /// - Parameter checksum: decodes a file and returns a number of its pixels, or nil where it
    ///   cannot be decoded.
    public static func lacksOnlyItsEnd(_ file: Data, checksum: (Data) -> Int?) -> Bool {
        let data = unended(file)
        guard data.count > lastByteCount, let whole = checksum(withMarker(data)) else {
            return false
        }
        return checksum(withMarker(data + oddBytes)) == whole
            && checksum(withMarker(data.dropLast(lastByteCount))) != whole
    }

    private static func unended(_ file: Data) -> Data {
        var data = file
        while data.last == 0xFF { data.removeLast() }
        return data
    }

    private static func withMarker(_ data: Data) -> Data { data + [0xFF, endOfImage] }

    /// Returns by how much a picture is reduced while it is decoded: 1, 2, 4 or 8, the first that
    /// fits.
    ///
    /// - Returns: nil for a picture that is too large even so; one that is no JPEG is not reduced.
    public static func reduction(width: Int, height: Int, jpeg: Bool) -> Int? {
        if RgbPicture.isSafe(width: width, height: height) { return 1 }
        guard jpeg, width > 0, height > 0 else { return nil }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= largestJpegPixelCount else { return nil }
        // Rounded up, as JPEG decoders do.
        return [2, 4, 8].first {
            RgbPicture.isSafe(width: (width + $0 - 1) / $0, height: (height + $0 - 1) / $0)
        }
    }

    private static func isTruncatedJpeg(_ file: UnsafeRawBufferPointer) -> Bool {
        var at = 2
        while at + 1 < file.count {
            let marker = file[at + 1]
            if file[at] != 0xFF || marker == 0xFF {
                // Data of a scan, or a byte that fills: the next marker is searched for.
                at += 1
            } else if marker == endOfImage {
                return false
            } else if marker < 2 || (0xD0...0xD8).contains(marker) {
                at += 2  // Without a length: a stuffed byte, a restart, the start of an image.
            } else if at + 3 < file.count {
                at += 2 + Int(file[at + 2]) << 8 + Int(file[at + 3])
            } else {
                return true
            }
        }
        return true
    }

    private static func isTruncatedPng(_ file: UnsafeRawBufferPointer) -> Bool {
        var at = pngSignature.count
        while at + pngChunkBytes <= file.count {
            if file[at + 4..<at + 8].elementsEqual("IEND".utf8) { return false }
            let length = file[at..<at + 4].reduce(0) { $0 << 8 + Int($1) }
            at += pngChunkBytes + length
        }
        return true
    }

    private static func littleEndian(_ file: UnsafeRawBufferPointer, _ at: Int) -> Int {
        file[at..<at + 4].reversed().reduce(0) { $0 << 8 + Int($1) }
    }
}
