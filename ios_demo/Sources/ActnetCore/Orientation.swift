/// How a stored picture must be turned to stand upright: EXIF's eight values.
public enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether width and height change places.
    var isSideways: Bool { rawValue >= 5 }

    /// The column and row of the stored picture that the upright one shows at `x`, `y`.
    ///
    /// - Parameters: width and height of the stored picture.
    func stored(_ x: Int, _ y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
        let (right, bottom) = (width - 1, height - 1)
        return switch self {
        case .upright: (x, y)
        case .mirrored: (right - x, y)
        case .upsideDown: (right - x, bottom - y)
        case .flipped: (x, bottom - y)
        case .transposed: (y, x)
        case .turnedRight: (y, bottom - x)
        case .transversed: (right - y, bottom - x)
        case .turnedLeft: (right - y, x)
        }
    }
}

extension RgbPicture {
    /// Returns the picture upright; values that EXIF does not know change nothing, as in Python.
    public func upright(exifOrientation: Int) -> RgbPicture {
        guard let orientation = Orientation(rawValue: exifOrientation), orientation != .upright
        else { return self }
        let sideways = orientation.isSideways
        let (turnedWidth, turnedHeight) = sideways ? (height, width) : (width, height)
        let turned = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
            for y in 0..<turnedHeight {
                for x in 0..<turnedWidth {
                    let from = orientation.stored(x, y, width: width, height: height)
                    let (place, old) = (3 * (y * turnedWidth + x), 3 * (from.y * width + from.x))
                    target[place] = bytes[old]
                    target[place + 1] = bytes[old + 1]
                    target[place + 2] = bytes[old + 2]
                }
            }
            count = bytes.count
        }
        return RgbPicture(width: turnedWidth, height: turnedHeight, bytes: turned) ?? self
    }
}
