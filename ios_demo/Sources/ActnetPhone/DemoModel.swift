#if canImport(SwiftUI) && canImport(UIKit)
    import ActnetApp
    import ActnetCore
    import Foundation
    import SwiftUI
    import UIKit

    /// The demo for SwiftUI: publishes its state, and runs the camera while it is wanted.
    @MainActor
    public final class DemoModel: ObservableObject {
        @Published private(set) var state = AppState()
        /// What was asked of the picker last; it is told after the picker has gone.
        private(set) var request = SystemRequest.photo
        @Published var isPicking = false
        let demo: Demo
        let camera: Camera
        private var isActive = false
        private var isCameraOn = false

        public init() {
            demo = Demo(PhoneEnvironment())
            camera = Camera(demo.live)
            demo.onChange { [weak self] in self?.changed() }
            // The model lives as long as the app, and so does the observer.
            _ = NotificationCenter.default.addObserver(
                forName: ProcessInfo.thermalStateDidChangeNotification, object: nil, queue: .main
            ) { [weak self] _ in
                MainActor.assumeIsolated { self?.demo.live.heatChanged() }
            }
            demo.open()
        }

        /// The app is seen, or not any more.
        func active(_ isActive: Bool) {
            self.isActive = isActive
            turnCamera()
        }

        func perform(_ action: Action) {
            switch demo.perform(action) {
            case .camera: Task { await camera.ask() }
            case .settings:
                if let page = URL(string: UIApplication.openSettingsURLString) {
                    UIApplication.shared.open(page)
                }
            case .photo: pick(.photo)
            case .photos: pick(.photos)
            case nil: break
            }
        }

        private func pick(_ request: SystemRequest) {
            self.request = request
            isPicking = true
        }

        private func changed() {
            state = demo.state
            turnCamera()
        }

        private func turnCamera() {
            let wanted = isActive && demo.state.wantsCamera
            guard wanted != isCameraOn else { return }
            isCameraOn = wanted
            wanted ? camera.start() : camera.stop()
        }
    }
#endif
