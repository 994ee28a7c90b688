#if canImport(SwiftUI) && canImport(UIKit)
    import ActnetApp
    import ActnetCore
    import SwiftUI
    import UIKit

    /// Renders any screen's content.
    struct ContentView: View {
        let content: ScreenContent
        let model: DemoModel

        var body: some View {
            ScrollView {
                VStack(alignment: .leading, spacing: 12) {
                    Text(content.title).font(.largeTitle)
                    ForEach(Array(content.blocks.enumerated()), id: \.offset) { _, block in
                        BlockView(block: block, model: model)
                    }
                }
                .padding()
            }
        }
    }

    /// Renders one thing.
    struct BlockView: View {
        let block: Block
        let model: DemoModel

        var body: some View {
            switch block {
            case .preview:
                CameraPreview(session: model.camera.session)
                    .aspectRatio(3.0 / 4, contentMode: .fit)
                    .accessibilityLabel("Picture of the camera")
            case .heading(let text): Text(text).font(.headline).accessibilityAddTraits(.isHeader)
            case .paragraph(let text): Text(text)
            case .problem(let text): Text(text).foregroundColor(.red)
            case .button(let text, let action):
                Button(text) { model.perform(action) }
            case .choice(let title, let options):
                ChoiceView(title: title, options: options, perform: model.perform)
            case .progress(let text, let share): ProgressView(text, value: share)
            case .pictureRow(let picture, let detail):
                Button {
                    model.perform(.showPicture(picture.id))
                } label: {
                    PictureRow(picture: picture, detail: detail, demo: model.demo)
                }
            case .largePicture(let picture):
                PictureView(picture: picture, isLarge: true, demo: model.demo)
            case .share(let text, let file): ShareLink(text, item: file)
            }
        }
    }

    /// One of several values.
    struct ChoiceView: View {
        let title: String
        let options: [ActnetApp.Option]
        let perform: (Action) -> Void

        var body: some View {
            VStack(alignment: .leading, spacing: 4) {
                Text(title).font(.headline)
                ForEach(options, id: \.text) { option in
                    Button((option.isChosen ? "● " : "○ ") + option.text) {
                        perform(option.action)
                    }
                    // The dot is not read aloud.
                    .accessibilityLabel(option.text)
                    .accessibilityAddTraits(option.isChosen ? .isSelected : [])
                }
            }
        }
    }

    struct PictureRow: View {
        let picture: GalleryPicture
        let detail: String
        let demo: Demo

        var body: some View {
            HStack {
                PictureView(picture: picture, isLarge: false, demo: demo)
                    .frame(width: 72, height: 72)
                VStack(alignment: .leading, spacing: 4) {
                    Text(picture.title).font(.headline)
                    Text(detail)
                }
            }
        }
    }

    /// A picture of the gallery: its thumbnail, or the photo where it is to be large.
    struct PictureView: View {
        let picture: GalleryPicture
        let isLarge: Bool
        let demo: Demo
        @State private var image: UIImage?

        var body: some View {
            Image(uiImage: image ?? UIImage()).resizable().scaledToFit()
                .accessibilityLabel("Picture of \(picture.title)")
                .accessibilityHidden(!isLarge)
                .task(id: picture.path) { image = await loaded() }
        }

        private func loaded() async -> UIImage? {
            if isLarge, let file = demo.photo(picture), let photo = await shownPhoto(file) {
                return photo
            }
            let jpeg = isLarge ? await demo.pagePicture(picture.id) : nil
            if let jpeg { return UIImage(data: jpeg) }
            return await demo.thumbnail(picture.id).flatMap { UIImage(data: $0) }
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
#endif
