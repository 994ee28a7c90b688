// What Sources/ActnetPhone uses of Apple's UIKit, Quartz and of Foundation's Apple-only part; see
// CoreML.swift.
import AVFoundation
@_exported import Foundation

@MainActor open class UIView {
    public init() {}
    open class var layerClass: AnyClass { CALayer.self }
    public var layer: CALayer { CALayer() }
    public var window: UIWindow? { nil }
    open func layoutSubviews() {}
}
public enum UIInterfaceOrientation {
    case unknown, portrait, portraitUpsideDown, landscapeLeft, landscapeRight
}
@MainActor public class UIWindowScene {
    public var interfaceOrientation: UIInterfaceOrientation { .portrait }
}
public class UIWindow: UIView { public var windowScene: UIWindowScene? { nil } }

public enum UIUserInterfaceStyle { case unspecified, light, dark }
public class UITraitCollection { public var userInterfaceStyle: UIUserInterfaceStyle { .light } }
public final class UIColor: Sendable {
    public init(red: CGFloat, green: CGFloat, blue: CGFloat, alpha: CGFloat) {}
    public init(dynamicProvider: @escaping @Sendable (UITraitCollection) -> UIColor) {}
}

@MainActor public class UINotificationFeedbackGenerator {
    public enum FeedbackType { case success, warning, error }
    public init() {}
    public func notificationOccurred(_ type: FeedbackType) {}
}
public enum UIAccessibility {
    public struct Notification: Sendable { public static let announcement = Notification() }
    @MainActor public static func post(notification: Notification, argument: Any?) {}
}
@MainActor public class CALayer {
    public init() {}
}
@MainActor public class AVCaptureVideoPreviewLayer: CALayer {
    public var session: AVCaptureSession?
    public var videoGravity = AVLayerVideoGravity.resizeAspectFill
    public var connection: AVCaptureConnection? { nil }
}

public final class UIImage: Sendable {
    public init() {}
    public init?(data: Data) { return nil }
    public init?(contentsOfFile path: String) { return nil }
    public var size: CGSize { .zero }
    public func byPreparingForDisplay() async -> UIImage? { nil }
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
