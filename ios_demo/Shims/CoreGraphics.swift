// What Sources/ActnetPhone uses of Apple's Core Graphics; see CoreML.swift. Foundation on Linux has
// CGRect and the numbers, and no Core Foundation; its types are Swift's own here.
import Foundation

public typealias CFString = String
public typealias CFData = Data
public typealias CFDictionary = [AnyHashable: Any]
public typealias CFMutableData = NSMutableData

public enum CGColorSpaceModel { case rgb, monochrome, cmyk }

public class CGColorSpace {
    public static let sRGB: CFString = "kCGColorSpaceSRGB"
    public init() {}
    public convenience init?(name: CFString) { self.init() }
    public var model: CGColorSpaceModel { .rgb }
}

public func CGColorSpaceCreateDeviceRGB() -> CGColorSpace { CGColorSpace() }

public enum CGImageAlphaInfo: UInt32 { case noneSkipLast = 5 }

public class CGImage {
    public var width: Int { 0 }
    public var height: Int { 0 }
    public var colorSpace: CGColorSpace? { nil }
}

public class CGContext {
    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int,
        bytesPerRow: Int, space: CGColorSpace, bitmapInfo: UInt32
    ) { return nil }
    public var data: UnsafeMutableRawPointer? { nil }
    public var bytesPerRow: Int { 0 }
    public func setFillColor(red: CGFloat, green: CGFloat, blue: CGFloat, alpha: CGFloat) {}
    public func fill(_ rect: CGRect) {}
    public func draw(_ image: CGImage, in rect: CGRect) {}
    public func makeImage() -> CGImage? { nil }
}
