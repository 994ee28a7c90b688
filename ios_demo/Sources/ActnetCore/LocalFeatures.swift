/// The local features of a picture, as a gallery stores them; docs/verification.md has the layout.
public struct LocalFeatures: Equatable, Sendable {
    /// Two coordinates of 16 bits, size, angle, code.
    public static let bytesPerFeature = 22
    /// The kind that this app compares, as the table `setting` names it.
    public static let kind = "sift-128-bits 1"
    /// Of the picture, in pixels: positions are 16 bits of sixteenths.
    static let sides = 1...4095

    /// Of the reduced picture that they were taken from.
    public let widthPx: Int
    public let heightPx: Int
    /// All x, all y, all sizes, all angles, all codes.
    public let bytes: [UInt8]

    /// Returns nil where a side is not 1 to 4095 or the bytes are no whole number of features.
    public init?(widthPx: Int, heightPx: Int, bytes: [UInt8]) {
        guard Self.sides.contains(widthPx), Self.sides.contains(heightPx),
            bytes.count % Self.bytesPerFeature == 0
        else { return nil }
        self.widthPx = widthPx
        self.heightPx = heightPx
        self.bytes = bytes
    }

    public var count: Int { bytes.count / Self.bytesPerFeature }
}

/// A place in a photo, in pixels from its top left corner.
public struct Place: Equatable, Sendable {
    public let x: Double
    public let y: Double
}

/// How well a gallery picture fits into a photo.
public struct Verification: Equatable, Sendable {
    /// Nothing of the picture is in the photo, or nothing is known of it.
    public static let notFound = Verification(inliers: 0, outline: nil)

    /// Places that fit one model; 0 where there is none.
    public let inliers: Int
    /// The gallery picture's corners in the reduced photo, from its top left clockwise as the picture
    /// is seen; nil where there is no model.
    public let outline: [Place]?

    public init(inliers: Int, outline: [Place]?) {
        self.inliers = inliers
        self.outline = outline
    }
}
