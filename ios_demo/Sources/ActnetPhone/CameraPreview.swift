#if canImport(UIKit) && canImport(SwiftUI)
    import Actnet
    import AVFoundation
    import SwiftUI
    import UIKit

    /// The live picture of the camera, with a square to aim with or the outline of the answer.
    struct Viewfinder: View {
        private static let landscape: CGFloat = 4.0 / 3
        /// Of the screen's height, beside which the answer is to be seen.
        private static let lowHeight: CGFloat = 260

        let label: String
        let outline: [Place]?
        let aims: Bool
        let isSmall: Bool
        let model: DemoModel
        @Environment(\.verticalSizeClass) private var height
        @State private var pinched = 1.0
        @State private var screenDegrees = 0

        var body: some View {
            let isLow = height == .compact
            CameraPreview(
                session: model.camera.session, isFrozen: model.isFrozen,
                turned: { screenDegrees = $0 }
            )
            .overlay(aims || outline != nil ? marks : nil)
            .aspectRatio(isLow ? Self.landscape : 1 / Self.landscape, contentMode: .fit)
            .frame(maxWidth: .infinity, maxHeight: isLow || isSmall ? Self.lowHeight : .infinity)
            .gesture(
                MagnificationGesture()
                    .onChanged { factor in
                        model.camera.zoom(by: factor / pinched)
                        pinched = factor
                    }
                    .onEnded { _ in pinched = 1 }
            )
            .accessibilityElement()
            .accessibilityLabel(label)
            .accessibilityAddTraits(.isImage)
        }

        private var marks: some View {
            // The outline is that of the upright frame; the preview is as the screen is.
            let apart = screenDegrees - model.camera.heldDegrees
            let shape = outline.map { Marks(places: $0.map { $0.turned(apart) }) } ?? Marks.square
            return ZStack {
                // A dark edge, so that it is seen on any picture.
                shape.stroke(Color.black, lineWidth: 6)
                shape.stroke(outline == nil ? Color.white : Color.green, lineWidth: 3)
            }
            .allowsHitTesting(false)
        }
    }

    /// Of the shorter side.
    private let squareShare: CGFloat = 0.7

    /// A closed line through places in shares of a picture.
    struct Marks: Shape {
        let places: [Place]?

        /// In the middle, whatever the picture's sides.
        static let square = Marks(places: nil)

        func path(in room: CGRect) -> Path {
            var path = Path()
            guard let places else {
                let side = squareShare * min(room.width, room.height)
                path.addRect(
                    CGRect(
                        x: room.midX - side / 2, y: room.midY - side / 2, width: side, height: side
                    ))
                return path
            }
            path.addLines(
                places.map {
                    CGPoint(x: room.minX + $0.x * room.width, y: room.minY + $0.y * room.height)
                })
            path.closeSubpath()
            return path
        }
    }

    /// The camera's picture alone.
    struct CameraPreview: UIViewRepresentable {
        let session: AVCaptureSession
        let isFrozen: Bool
        /// Told how far the screen is turned from the phone's usual position, in degrees clockwise.
        let turned: (Int) -> Void

        func makeUIView(context: Context) -> PreviewView {
            let view = PreviewView()
            view.preview?.session = session
            // All of the frame that is described, no less and no more.
            view.preview?.videoGravity = .resizeAspect
            return view
        }

        func updateUIView(_ view: PreviewView, context: Context) {
            view.turned = turned
            // The layer keeps its last picture.
            view.preview?.connection?.isEnabled = !isFrozen
        }
    }

    /// A view whose layer the camera draws, as the screen is turned.
    final class PreviewView: UIView {
        var turned: (Int) -> Void = { _ in }
        private var told = 0

        override class var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

        var preview: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }

        override func layoutSubviews() {
            super.layoutSubviews()
            let (orientation, degrees) = turn(window?.windowScene?.interfaceOrientation)
            preview?.connection?.videoOrientation = orientation
            guard degrees != told else { return }
            told = degrees
            // Not while views are laid out.
            Task { turned(degrees) }
        }

        private func turn(
            _ screen: UIInterfaceOrientation?
        ) -> (AVCaptureVideoOrientation, Int) {
            switch screen {
            case .landscapeLeft: (.landscapeLeft, 90)
            case .landscapeRight: (.landscapeRight, 270)
            case .portraitUpsideDown: (.portraitUpsideDown, 180)
            default: (.portrait, 0)
            }
        }
    }
#endif
