/// Which part of a photo a view shows; docs/views.md defines all of this.
public enum Crop: String, CaseIterable, Sendable {
    case whole, centre, half
    case topLeft = "top-left"
    case topRight = "top-right"
    case bottomLeft = "bottom-left"
    case bottomRight = "bottom-right"
}

/// One crop of a photo, turned: what is described by itself.
public struct PhotoView: Hashable, Sendable, CustomStringConvertible {
    /// After cropping.
    public enum Turn: Int, CaseIterable, Sendable {
        case none = 0
        case right = 90
        case upsideDown = 180
        case left = 270
    }

    public let crop: Crop
    /// Clockwise, in degrees.
    public let turn: Turn

    public init(_ crop: Crop, _ turn: Turn = .none) {
        self.crop = crop
        self.turn = turn
    }

    public var description: String {
        turn == .none ? crop.rawValue : "\(crop.rawValue)@\(turn.rawValue)"
    }
}

/// Views, version 1: a query photo is described several times, and each gallery picture keeps its
/// largest similarity. tests/golden/views.json holds the boxes, the sets and pixels.
public enum Views {
    /// Longest side of the reduced photo that every view but `whole` is cut from.
    public static let workingSidePx = 640

    private static let turned = [PhotoView.Turn.right, .upsideDown, .left].map {
        PhotoView(.centre, $0)
    }

    /// The whole photo alone.
    public static let none = [PhotoView(.whole)]
    public static let standard =
        [PhotoView(.whole), PhotoView(.centre), PhotoView(.half)] + turned
    public static let thorough =
        [.whole, .centre, .topLeft, .topRight, .bottomLeft, .bottomRight].map { PhotoView($0) }
        + turned

    /// Sets of views by name.
    public static let sets = ["none": none, "standard": standard, "thorough": thorough]

    /// Returns where a crop lies in a picture of this size, in whole pixels.
    public static func box(_ crop: Crop, width: Int, height: Int) -> PixelBox {
        if crop == .whole { return PixelBox(left: 0, top: 0, width: width, height: height) }
        let size = { (side: Int) in crop == .half ? (side + 1) / 2 : max(1, (7 * side + 5) / 10) }
        let (right, bottom) = (width - size(width), height - size(height))
        let (left, top) =
            switch crop {
            case .topLeft: (0, 0)
            case .topRight: (right, 0)
            case .bottomLeft: (0, bottom)
            case .bottomRight: (right, bottom)
            case .whole, .centre, .half: (right / 2, bottom / 2)
            }
        return PixelBox(left: left, top: top, width: size(width), height: size(height))
    }

    /// Returns the size of a picture whose longest side is at most `side`; nothing is enlarged.
    public static func workingSize(
        width: Int, height: Int, side: Int = workingSidePx
    ) -> (width: Int, height: Int) {
        let longest = max(width, height)
        if longest <= side { return (width, height) }
        let reduced = { (length: Int) in max(1, (length * side + longest / 2) / longest) }
        return (reduced(width), reduced(height))
    }
}

/// A rectangle of whole pixels.
public struct PixelBox: Equatable, Sendable {
    public let left: Int
    public let top: Int
    public let width: Int
    public let height: Int
}

extension RgbPicture {
    /// Reduces to a longest side of `side` pixels with the arithmetic of preprocessing.
    ///
    /// - Returns: nil where the picture is too narrow and long to be resized.
    public func working(side: Int = Views.workingSidePx) -> RgbPicture? {
        let size = Views.workingSize(width: width, height: height, side: side)
        return resized(width: size.width, height: size.height)
    }

    /// Returns the pictures of views, which `resized` then brings to the model's size.
    ///
    /// `whole` is the photo itself; all others are cut from the reduced photo.
    ///
    /// - Parameter working: `working()` of the photo, where it is at hand already.
    /// - Returns: nil where the picture is too narrow and long to be resized.
    public func pictures(
        of views: [PhotoView], working: RgbPicture? = nil
    ) -> [RgbPicture]? {
        var pictures: [RgbPicture] = []
        var reduced = working
        for view in views {
            var picture = self
            if view.crop != .whole {
                reduced = reduced ?? self.working()
                guard let source = reduced else { return nil }
                let box = Views.box(view.crop, width: source.width, height: source.height)
                guard let cut = source.cropped(box) else { return nil }
                picture = cut
            }
            pictures.append(picture.turned(view.turn))
        }
        return pictures
    }

    /// Returns nil where the box is not inside.
    func cropped(_ box: PixelBox) -> RgbPicture? {
        guard box.left >= 0, box.top >= 0, box.left + box.width <= width,
            box.top + box.height <= height
        else { return nil }
        var cut: [UInt8] = []
        cut.reserveCapacity(3 * box.width * box.height)
        for y in box.top..<box.top + box.height {
            let start = 3 * (y * width + box.left)
            cut.append(contentsOf: bytes[start..<start + 3 * box.width])
        }
        return RgbPicture(width: box.width, height: box.height, bytes: cut)
    }

    /// EXIF has a number for each turn.
    private func turned(_ turn: PhotoView.Turn) -> RgbPicture {
        let orientation: Orientation =
            switch turn {
            case .none: .upright
            case .right: .turnedRight
            case .upsideDown: .upsideDown
            case .left: .turnedLeft
            }
        return upright(exifOrientation: orientation.rawValue)
    }
}
