#if canImport(UIKit) && canImport(SwiftUI)
    import AVFoundation
    import SwiftUI
    import UIKit

    /// The live picture of the camera.
    struct CameraPreview: UIViewRepresentable {
        let session: AVCaptureSession

        func makeUIView(context: Context) -> PreviewView {
            let view = PreviewView()
            view.preview?.session = session
            view.preview?.videoGravity = .resizeAspectFill
            return view
        }

        func updateUIView(_ view: PreviewView, context: Context) {}
    }

    /// A view whose layer the camera draws.
    final class PreviewView: UIView {
        override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

        var preview: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }
    }
#endif
