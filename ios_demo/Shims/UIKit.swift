// What Sources/ActnetPhone uses of Apple's UIKit, Quartz and of Foundation's Apple-only part; see
// CoreML.swift.
import AVFoundation
@_exported import Foundation

@MainActor open class UIView {
    public init() {}
    open class var layerClass: AnyClass { CALayer.self }
    public var layer: CALayer { CALayer() }
}
@MainActor public class CALayer {
    public init() {}
}
@MainActor public class AVCaptureVideoPreviewLayer: CALayer {
    public var session: AVCaptureSession?
    public var videoGravity = AVLayerVideoGravity.resizeAspectFill
}

public final class UIImage: Sendable {
    public init() {}
    public init?(data: Data) { return nil }
    public init?(contentsOfFile path: String) { return nil }
    public var size: CGSize { .zero }
    public func byPreparingThumbnail(ofSize size: CGSize) async -> UIImage? { nil }
}

@MainActor public class UIApplication {
    public static let shared = UIApplication()
    public static let openSettingsURLString = "app-settings:"
    public func open(_ url: URL) {}
}

extension ProcessInfo {
    public enum ThermalState { case nominal, fair, serious, critical }
    public var thermalState: ThermalState { .nominal }
    public var isLowPowerModeEnabled: Bool { false }
    public static let thermalStateDidChangeNotification = Notification.Name("thermal")
}

extension URL {
    public static var applicationSupportDirectory: URL { URL(fileURLWithPath: "/") }
    public static var cachesDirectory: URL { URL(fileURLWithPath: "/") }
}
