// Which content is on the screen, as a function of the whole state.

extension AppState {
    /// What is to be seen now.
    public var content: ScreenContent {
        if screen == .settings { return settingsContent(settings, start) }
        if let instead = startContent(start) { return instead }
        if let picture { return pictureContent(picture) }
        guard case .ready(let manifest, let selfTest, _) = start else {
            return ScreenContent(title: screen.rawValue, blocks: [])
        }
        return switch screen {
        case .live: liveContent(live, settings)
        case .results: resultsContent(results, settings)
        case .gallery: galleryContent(gallery)
        case .settings: settingsContent(settings, start)
        case .benchmark: benchmarkContent(benchmark)
        case .about: aboutContent(manifest, selfTest)
        }
    }

    /// Whether the camera is to run: on its screen, with a model, and while nothing is measured.
    public var wantsCamera: Bool {
        screen == .live && start.isReady && picture == nil && !benchmark.isRunning
    }
}
