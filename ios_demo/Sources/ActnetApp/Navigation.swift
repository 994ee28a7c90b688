// Which content is on the screen, as a function of the whole state.

extension AppState {
    /// What is to be seen now.
    public func content(_ words: Words) -> ScreenContent {
        if screen == .settings { return settingsContent(settings, start, models, words) }
        let several = models.carried.count > 1
        if let instead = startContent(start, several: several, words) { return instead }
        if let picture { return pictureContent(picture, settings, words) }
        guard case .ready(let ready) = start else {
            return ScreenContent(title: words(screen.key), blocks: [])
        }
        return switch screen {
        case .live where !settings.welcomed: welcomeContent(words)
        case .live: liveContent(live, settings, torch: torch, words)
        case .results: resultsContent(results, settings, words)
        case .history: historyContent(history, words)
        case .gallery: galleryContent(gallery, settings, words)
        case .settings: settingsContent(settings, start, models, words)
        case .benchmark: benchmarkContent(benchmark, words)
        case .about: aboutContent(ready, models, words)
        }
    }

    /// Where a screen leads back to that the bar does not show; nil for the bar's own.
    public var back: Action? {
        if picture != nil { return .back }
        return screen.barScreen == screen ? nil : .open(screen.barScreen)
    }

    /// Whether the camera is to run: on its screen, with a model, and while nothing is measured.
    public var wantsCamera: Bool {
        screen == .live && settings.welcomed && start.isReady && picture == nil
            && !benchmark.isRunning
    }
}
