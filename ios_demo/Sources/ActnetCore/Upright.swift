// Frames stand upright by gravity, however the phone is held and whatever its screen does. Kotlin has
// the same.

import Foundation

extension Place {
    /// The same place in shares of a frame after the frame was turned clockwise by a multiple of 90 degrees.
    public func turned(_ degrees: Int) -> Place {
        switch (degrees % 360 + 360) % 360 {
        case 90: Place(x: 1 - y, y: x)
        case 180: Place(x: 1 - x, y: 1 - y)
        case 270: Place(x: y, y: 1 - x)
        default: self
        }
    }
}

/// Keeps the quarter turn in which a phone is held.
public struct PhoneTurn: Sendable {
    /// How far beyond a quarter turn the phone must be before the next one counts, so that 45 degrees
    /// do not flicker.
    private static let staysWithin = 60

    /// 0, 90, 180 or 270 degrees clockwise from the phone's usual position.
    public private(set) var degrees = 0

    public init() {}

    /// Takes in where the phone is pulled to, in its own axes: x to its right, y to its top, z out of
    /// its screen. A phone that lies flat changes nothing.
    public mutating func take(x: Double, y: Double, z: Double) {
        guard 4 * (x * x + y * y) >= z * z, x != 0 || y != 0 else { return }
        let angle = Int((atan2(-y, x) * 180 / .pi).rounded())
        take(felt: (90 - angle + 360) % 360)
    }

    /// - Parameter felt: 0 to 359 degrees clockwise.
    mutating func take(felt: Int) {
        let apart = abs((felt - degrees + 540) % 360 - 180)
        if apart > Self.staysWithin { degrees = (felt + 45) / 90 * 90 % 360 }
    }

    /// EXIF's number of the turn that makes a frame upright, which is upright for the usual position.
    public var exifOrientation: Int {
        switch degrees {
        case 90: Orientation.turnedRight.rawValue
        case 180: Orientation.upsideDown.rawValue
        case 270: Orientation.turnedLeft.rawValue
        default: Orientation.upright.rawValue
        }
    }
}
