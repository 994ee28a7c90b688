#if canImport(SwiftUI) && canImport(UIKit) && canImport(PhotosUI)
    import ActnetApp
    import PhotosUI
    import SwiftUI

    /// The whole app: the screen above, the bar that leads to the others below.
    public struct DemoView: View {
        private static let mostPhotos = 100

        @StateObject private var model = DemoModel()
        @Environment(\.scenePhase) private var phase
        @State private var items: [PhotosPickerItem] = []

        public init() {}

        public var body: some View {
            VStack(spacing: 0) {
                ContentView(content: model.state.content, model: model)
                bar
            }
            .photosPicker(
                isPresented: isPicking, selection: $items,
                maxSelectionCount: model.request == .photo ? 1 : Self.mostPhotos, matching: .images
            )
            .onChange(of: items) { picked in take(picked) }
            .onChange(of: phase) { phase in model.active(phase == .active) }
            .task { model.active(phase == .active) }
        }

        private var bar: some View {
            HStack {
                ForEach(Screen.allCases, id: \.self) { screen in
                    Button(screen.rawValue) { model.perform(.open(screen)) }
                        .font(.caption)
                        .disabled(screen == model.state.screen)
                }
            }
            .padding()
        }

        private var isPicking: Binding<Bool> {
            Binding(
                get: { model.isPicking },
                set: { isShown in if !isShown { model.isPicking = false } })
        }

        /// What was picked goes where it was asked for.
        private func take(_ picked: [PhotosPickerItem]) {
            guard !picked.isEmpty else { return }
            items = []
            let request = model.request
            Task {
                let photos = await pickedPhotos(picked)
                if request == .photos {
                    model.demo.add(photos)
                } else if let photo = photos.first {
                    model.demo.look(at: photo)
                }
            }
        }
    }
#endif
