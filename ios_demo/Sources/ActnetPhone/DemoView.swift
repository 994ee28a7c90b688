#if canImport(SwiftUI) && canImport(UIKit) && canImport(PhotosUI)
    import ActnetApp
    import PhotosUI
    import SwiftUI

    /// The whole app: the present screen, and the system's own bar that leads to the others.
    public struct DemoView: View {
        private static let mostPhotos = 100

        @StateObject private var model = DemoModel()
        @Environment(\.scenePhase) private var phase
        @State private var items: [PhotosPickerItem] = []

        public init() {}

        public var body: some View {
            TabView(selection: screen) {
                ForEach(Screen.inBar, id: \.self) { screen in
                    page(screen)
                        .tabItem { Label(model.words(screen.key), systemImage: screen.symbol) }
                        .tag(screen)
                }
            }
            .photosPicker(
                isPresented: isPicking, selection: $items,
                maxSelectionCount: model.request == .photo ? 1 : Self.mostPhotos, matching: .images
            )
            .onChange(of: items) { picked in take(picked) }
            .onChange(of: phase) { phase in model.active(phase == .active) }
            .task { model.active(phase == .active) }
        }

        /// Only that which is seen has content, so that there is one camera preview.
        @ViewBuilder
        private func page(_ screen: Screen) -> some View {
            if screen == model.state.screen.barScreen {
                VStack(alignment: .leading, spacing: 0) {
                    if case .open = model.state.back { backButton }
                    ContentView(content: model.content, model: model)
                }
                // VoiceOver's way back, a Z with two fingers.
                .accessibilityAction(.escape) { goBack() }
            } else {
                Color.clear
            }
        }

        private var backButton: some View {
            Button {
                goBack()
            } label: {
                Label(model.words("back"), systemImage: "chevron.backward")
            }
            .padding()
        }

        private func goBack() {
            if let back = model.state.back { model.perform(back) }
        }

        private var screen: Binding<Screen> {
            Binding(
                get: { model.state.screen.barScreen }, set: { model.perform(.open($0)) })
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

    extension Screen {
        /// Of the system's symbols.
        fileprivate var symbol: String {
            switch self {
            case .live, .results: "camera"
            case .history: "clock"
            case .gallery: "square.grid.2x2"
            case .settings, .benchmark, .about: "gearshape"
            }
        }
    }
#endif
