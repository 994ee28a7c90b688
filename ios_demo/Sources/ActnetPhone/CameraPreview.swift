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
            // All of the frame that is described, no less and no more.
            view.preview?.videoGravity = .resizeAspect
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
