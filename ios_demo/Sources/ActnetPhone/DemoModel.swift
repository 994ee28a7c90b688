#if canImport(SwiftUI) && canImport(UIKit)
    import ActnetApp
    import Actnet
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
        private var ticks = 0
        private var announced: [String] = []

        /// The texts of the screens, from the app's own catalogue of texts.
        let words = Words { key in
            let text = Bundle.main.localizedString(forKey: key, value: nil, table: nil)
            return text == key ? nil : text
        }

        /// What is to be seen.
        var content: ScreenContent { state.content(words) }

        /// How the camera's picture is drawn over.
        var isFrozen: Bool {
            if case .seeing(let seen) = state.live { seen.isFrozen } else { false }
        }

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
            case .link(let link):
                // A catalogue's link leads out of the app; the system opens it.
                if let page = URL(string: link) { UIApplication.shared.open(page) }
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
            camera.lamp(state.torch == true)
            tick()
            announce()
        }

        /// The phone ticks when a thing is recognised.
        private func tick() {
            guard ticks != state.ticks else { return }
            ticks = state.ticks
            UINotificationFeedbackGenerator().notificationOccurred(.success)
        }

        /// A screen reader says what has changed by itself.
        private func announce() {
            let next = content.announcements
            for text in next where !announced.contains(text) {
                UIAccessibility.post(notification: .announcement, argument: text)
            }
            announced = next
        }

        private func turnCamera() {
            let wanted = isActive && demo.state.wantsCamera
            guard wanted != isCameraOn else { return }
            isCameraOn = wanted
            wanted ? camera.start() : camera.stop()
        }
    }
#endif
