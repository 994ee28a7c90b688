// Which content is on the screen, as a function of the whole state.

extension AppState {
    /// What is to be seen now.
    public var content: ScreenContent {
        if screen == .settings { return settingsContent(settings, start) }
        if let instead = startContent(start) { return instead }
        if let picture { return pictureContent(picture) }
        guard case .ready(let ready) = start else {
            return ScreenContent(title: screen.rawValue, blocks: [])
        }
        return switch screen {
        case .live: liveContent(live, empty: galleryIsEmpty)
        case .results:
            resultsContent(results, threshold: ready.thresholds.at(settings.falseAnswers).least)
        case .gallery: galleryContent(gallery)
        case .settings: settingsContent(settings, start)
        case .benchmark: benchmarkContent(benchmark)
        case .about: aboutContent(ready.manifest, ready.selfTest)
        }
    }

    private var galleryIsEmpty: Bool {
        if case .open(let gallery) = gallery { gallery.counts.pictures == 0 } else { false }
    }

    /// Whether the camera is to run: on its screen, with a model, and while nothing is measured.
    public var wantsCamera: Bool {
        screen == .live && start.isReady && picture == nil && !benchmark.isRunning
    }
}
