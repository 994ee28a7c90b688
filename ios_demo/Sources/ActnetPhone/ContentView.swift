#if canImport(SwiftUI) && canImport(UIKit)
    import ActnetApp
    import SwiftUI
    import UIKit

    /// Renders any screen's content.
    struct ContentView: View {
        let content: ScreenContent
        let model: DemoModel

        var body: some View {
            ScrollView {
                // Lazy: a gallery has many rows, each with a picture.
                LazyVStack(alignment: .leading, spacing: 12) {
                    Text(content.title).font(.largeTitle).accessibilityAddTraits(.isHeader)
                        // Larger, a long word would not fit a narrow phone.
                        .dynamicTypeSize(...DynamicTypeSize.xxxLarge)
                    ForEach(content.identified, id: \.id) { block in
                        BlockView(block: block.block, asks: content.asks, model: model)
                    }
                }
                .padding()
            }
        }
    }

    /// Renders one thing.
    struct BlockView: View {
        let block: Block
        /// Whether there is something to choose on this screen.
        let asks: Bool
        let model: DemoModel

        var body: some View {
            switch block {
            case .preview(let label, let outline, let aims):
                Viewfinder(
                    label: label, outline: outline, aims: aims, isSmall: asks, model: model)
            case .heading(let text, _): Text(text).font(.headline).accessibilityAddTraits(.isHeader)
            case .paragraph(let text): Text(text)
            case .problem(let text): Text(text).font(.headline).foregroundColor(.problem)
            case .button(let text, .share(let shared)): ShareLink(text, item: shared).touchable()
            case .button(let text, let action):
                Button(text) { model.perform(action) }.touchable()
            case .choice(let title, let options):
                ChoiceView(title: title, options: options, perform: model.perform)
            case .progress(let text, let share): ProgressView(text, value: share)
            case .pictureRow(let thing, let title, let detail, let action):
                Button {
                    model.perform(action)
                } label: {
                    PictureRow(thing: thing, title: title, detail: detail, demo: model.demo)
                }
            case .largePicture(let id, let path, let label):
                PictureView(id: id, path: path, label: label, demo: model.demo)
            case .field(let label, let text, let input):
                FieldView(label: label, text: text) { model.demo.write(input, $0) }
            case .share(let text, let file): ShareLink(text, item: file).touchable()
            }
        }
    }

    extension View {
        /// A button that is seen as one, and at least 44 points high.
        fileprivate func touchable() -> some View { buttonStyle(.bordered).controlSize(.large) }
    }

    extension Color {
        /// Of a sentence on what is wrong; contrast with the background at least 4.5.
        fileprivate static let problem = Color(
            uiColor: UIColor { traits in
                traits.userInterfaceStyle == .dark
                    ? UIColor(red: 0xFF / 255, green: 0xB4 / 255, blue: 0xAB / 255, alpha: 1)
                    : UIColor(red: 0xB0 / 255, green: 0x00 / 255, blue: 0x20 / 255, alpha: 1)
            })
    }

    /// A line that someone writes.
    struct FieldView: View {
        let label: String
        let text: String
        let write: (String) -> Void

        var body: some View {
            TextField(label, text: Binding(get: { text }, set: { write($0) }))
                .textFieldStyle(.roundedBorder)
                .accessibilityLabel(label)
        }
    }

    /// One of several values.
    struct ChoiceView: View {
        let title: String
        let options: [ActnetApp.Option]
        let perform: (Action) -> Void

        var body: some View {
            VStack(alignment: .leading, spacing: 4) {
                Text(title).font(.headline).accessibilityAddTraits(.isHeader)
                ForEach(options, id: \.text) { option in
                    Button((option.isChosen ? "● " : "○ ") + option.text) {
                        perform(option.action)
                    }
                    .touchable()
                    // The dot is not read aloud; the trait says that it is chosen.
                    .accessibilityLabel(option.text)
                    .accessibilityAddTraits(option.isChosen ? .isSelected : [])
                }
            }
        }
    }

    struct PictureRow: View {
        let thing: Thing
        let title: String
        let detail: String
        let demo: Demo

        var body: some View {
            HStack {
                PictureView(id: thing.pictureId, path: thing.path, label: nil, demo: demo)
                    .frame(width: 72, height: 72)
                VStack(alignment: .leading, spacing: 4) {
                    Text(title).font(.headline)
                    if !detail.isEmpty { Text(detail) }
                }
            }
        }
    }

    /// A picture of the gallery: its thumbnail, or as large as there is where it has a `label`.
    struct PictureView: View {
        let id: Int64
        let path: String
        /// What a screen reader says of it; nil for a small one, whose row is read.
        let label: String?
        let demo: Demo
        @State private var image: UIImage?

        var body: some View {
            Image(uiImage: image ?? UIImage()).resizable().scaledToFit()
                .accessibilityLabel(label ?? "")
                .accessibilityHidden(label == nil)
                .task(id: path) { image = await loaded() }
        }

        private func loaded() async -> UIImage? {
            if label != nil, let file = demo.photo(path), let photo = await shownPhoto(file) {
                return photo
            }
            let page = label != nil ? await demo.pagePicture(id) : nil
            if let page { return await decoded(page) }
            guard let thumbnail = await demo.thumbnail(id) else { return nil }
            return await decoded(thumbnail)
        }
    }

    /// Longest side of a photo on a screen, in pixels.
    private let shownPx: CGFloat = 1600

    /// Decodes a photo as large as a screen shows it, away from the main thread.
    private nonisolated func shownPhoto(_ file: URL) async -> UIImage? {
        guard let photo = UIImage(contentsOfFile: file.path) else { return nil }
        let scale = min(1, shownPx / max(photo.size.width, photo.size.height, 1))
        return await photo.byPreparingThumbnail(
            ofSize: CGSize(width: photo.size.width * scale, height: photo.size.height * scale))
    }

    /// Decodes a gallery's JPEG, away from the main thread.
    private nonisolated func decoded(_ jpeg: Data) async -> UIImage? {
        await UIImage(data: jpeg)?.byPreparingForDisplay()
    }
#endif
