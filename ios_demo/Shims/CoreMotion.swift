// What Sources/ActnetPhone uses of Apple's Core Motion; see CoreML.swift.
public struct CMAcceleration: Sendable {
    public var x: Double
    public var y: Double
    public var z: Double
}
public final class CMAccelerometerData {
    public var acceleration: CMAcceleration { CMAcceleration(x: 0, y: -1, z: 0) }
}
public final class CMMotionManager {
    public init() {}
    public var isAccelerometerAvailable: Bool { false }
    public var accelerometerUpdateInterval: Double = 0
    public var accelerometerData: CMAccelerometerData? { nil }
    public func startAccelerometerUpdates() {}
    public func stopAccelerometerUpdates() {}
}
