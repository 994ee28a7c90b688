// What Sources/ActnetPhone uses of Apple's AVFoundation and Core Media; see CoreML.swift.
@_exported import CoreVideo
@_exported import Dispatch
@_exported import Foundation

public class CMSampleBuffer {}
public func CMSampleBufferGetImageBuffer(_ buffer: CMSampleBuffer) -> CVPixelBuffer? { nil }

public enum AVMediaType { case video }
public enum AVAuthorizationStatus { case notDetermined, restricted, denied, authorized }
public enum AVLayerVideoGravity { case resizeAspect, resizeAspectFill }
public enum AVCaptureVideoOrientation {
    case portrait, portraitUpsideDown, landscapeLeft, landscapeRight
}

public class AVCaptureDevice {
    public enum TorchMode { case off, on, auto }
    public class Format { public var videoMaxZoomFactor: CGFloat { 1 } }
    public var activeFormat: Format { Format() }
    public var videoZoomFactor: CGFloat = 1
    public var hasTorch: Bool { false }
    public var torchMode = TorchMode.off
    public func lockForConfiguration() throws {}
    public func unlockForConfiguration() {}
    public enum DeviceType { case builtInWideAngleCamera }
    public enum Position { case back }
    public class func authorizationStatus(for type: AVMediaType) -> AVAuthorizationStatus {
        .denied
    }
    public class func requestAccess(for type: AVMediaType) async -> Bool { false }
    public class func `default`(
        _ kind: DeviceType, for type: AVMediaType?, position: Position
    ) -> AVCaptureDevice? { nil }
}

public class AVCaptureInput {}
public class AVCaptureDeviceInput: AVCaptureInput {
    public init(device: AVCaptureDevice) throws {}
}
public class AVCaptureConnection {
    public var videoOrientation = AVCaptureVideoOrientation.portrait
    public var isEnabled = true
}
public class AVCaptureOutput {
    public func connection(with type: AVMediaType) -> AVCaptureConnection? { nil }
}

public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer,
        from connection: AVCaptureConnection)
}
public class AVCaptureVideoDataOutput: AVCaptureOutput {
    public override init() {}
    public var alwaysDiscardsLateVideoFrames = true
    public var videoSettings: [String: Any] = [:]
    public func setSampleBufferDelegate(
        _ delegate: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchQueue?
    ) {}
}

public let AVCaptureSessionErrorKey = "AVCaptureSessionErrorKey"

public class AVCaptureSession {
    public static let runtimeErrorNotification = Notification.Name("runtimeError")
    public static let wasInterruptedNotification = Notification.Name("wasInterrupted")
    public static let interruptionEndedNotification = Notification.Name("interruptionEnded")
    public struct Preset: Sendable { public static let vga640x480 = Preset() }
    public init() {}
    public var isRunning: Bool { false }
    public var sessionPreset = Preset.vga640x480
    public func beginConfiguration() {}
    public func commitConfiguration() {}
    public func canAddInput(_ input: AVCaptureInput) -> Bool { false }
    public func canAddOutput(_ output: AVCaptureOutput) -> Bool { false }
    public func addInput(_ input: AVCaptureInput) {}
    public func addOutput(_ output: AVCaptureOutput) {}
    public func startRunning() {}
    public func stopRunning() {}
}
