// The settings: from state to content.

import Actnet

/// The settings. They can be reached without a model, too: another choice may be what it needs.
func settingsContent(
    _ settings: Settings, _ start: StartState, _ models: ModelsState, _ words: Words
) -> ScreenContent {
    // What may help a model that fails is to be seen without the switch.
    let isRefused = if case .refused = start { true } else { false }
    let run = settings.developer || isRefused ? [runBlock(settings, words)] : []
    let developer = choice(
        words("developer"), [false, true], settings, \.developer, words
    ) { words($0 ? "on" : "off") }
    let benchmark =
        settings.developer
        ? [Block.button(words("settings_benchmark"), .open(.benchmark))] : []
    return ScreenContent(
        title: words(Screen.settings.key),
        blocks: stacked(
            startBlocks(start, words), modelBlocks(settings, models, words), run,
            settings.developer ? answerBlocks(settings, start, models, words) : [],
            [developer], benchmark, [.button(words("settings_about"), .open(.about))]))
}

private func startBlocks(_ start: StartState, _ words: Words) -> [Block] {
    switch start {
    case .opening(let model): [.paragraph(openingText(model, words))]
    case .refused(let sentence, _): problem("refused", sentence, words)
    case .ready(let ready):
        ready.sentence.map { problem("accelerator_fell_back", $0, words) } ?? []
    }
}

private func runBlock(_ settings: Settings, _ words: Words) -> Block {
    choice(
        words("settings_accelerator"), Accelerator.allCases, settings, \.accelerator, words
    ) { words($0.key) }
}

private func answerBlocks(
    _ settings: Settings, _ start: StartState, _ models: ModelsState, _ words: Words
) -> [Block] {
    let strict = choice(
        words("settings_strict"), Settings.shares, settings, \.falseAnswers, words, percent)
    let top = choice(words("settings_top"), Settings.tops, settings, \.top, words) { "\($0)" }
    guard case .ready(let ready) = start else { return [strict, top] }
    return [
        .paragraph(runFigures(ready, models)), strict,
        .paragraph(calibrationText(ready.thresholds, settings)), top,
    ]
}

/// Which model is used, where there are several, or where the one that was chosen has gone.
private func modelBlocks(
    _ settings: Settings, _ models: ModelsState, _ words: Words
) -> [Block] {
    guard models.carried.count > 1 || models.sentence != nil else { return [] }
    var (options, refused): ([Option], [Block]) = ([], [])
    for model in models.carried {
        switch model.state {
        case .usable(let manifest):
            var changed = settings
            changed.modelName = model.name
            let text = modelText(model.name, manifest, words)
            options.append(option(text, model.name == models.used, .change(changed), words))
        case .refused(let sentence) where model.name != models.used:
            refused += [
                .problem(words("settings_model_refused", model.name)),
                .paragraph(words("details", sentence)),
            ]
        case .refused: break
        }
    }
    return stacked(
        models.sentence.map { problem("settings_model_gone", $0, words) } ?? [],
        [.choice(title: words("settings_model"), options: options)], refused,
        [.paragraph(words("settings_model_text"))])
}

private func modelText(_ name: String, _ manifest: Manifest, _ words: Words) -> String {
    let size = manifest.preprocessing
    return words(
        "settings_model_facts", name, manifest.precision,
        decimals(Double(manifest.artefact.sizeBytes) / 1e6, 1), size.width, size.height,
        manifest.output.dim)
}

private func option(_ text: String, _ isChosen: Bool, _ action: Action, _ words: Words) -> Option {
    Option(
        text: text, isChosen: isChosen, action: action,
        label: isChosen ? words("chosen", text) : text)
}

private func choice<Value: Equatable>(
    _ title: String, _ values: [Value], _ settings: Settings,
    _ setting: WritableKeyPath<Settings, Value>, _ words: Words, _ text: (Value) -> String
) -> Block {
    let options = values.map { value in
        var changed = settings
        changed[keyPath: setting] = value
        return option(
            text(value), settings[keyPath: setting] == value, .change(changed), words)
    }
    return .choice(title: title, options: options)
}

extension Accelerator {
    /// Of its name.
    fileprivate var key: String {
        switch self {
        case .all: "accelerator_all"
        case .neuralEngine: "accelerator_neural"
        case .gpu: "accelerator_gpu"
        case .cpu: "accelerator_cpu"
        }
    }
}
