// Live, photo, picture and settings screen: from state to content.

import ActnetCore

/// The live screen: the camera, the best match, or why there is none.
///
/// - Parameter empty: whether the gallery has no picture.
func liveContent(_ state: LiveState, empty: Bool = false) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .starting: [.preview, .paragraph("Starting the camera")]
        case .noPermission(let mayAsk): permissionBlocks(mayAsk: mayAsk)
        case .failed(let sentence), .paused(let sentence): [.problem(sentence), pickPhoto]
        case .seeing(let sight): seeingBlocks(sight, empty: empty)
        }
    return ScreenContent(title: "Live", blocks: blocks)
}

private func permissionBlocks(mayAsk: Bool) -> [Block] {
    [
        .heading("The camera is not allowed"),
        .paragraph(
            "What it sees is compared with the gallery on this phone and goes nowhere: "
                + "the app uses no network."),
        mayAsk
            ? .button("Allow the camera", .ask(.camera))
            : .button("Open the system's settings to allow it", .ask(.settings)),
        pickPhoto,
    ]
}

private func seeingBlocks(_ sight: Sight, empty: Bool) -> [Block] {
    let rate = sight.framesPerSecond.map { "\(decimals($0, 1)) frames a second; " } ?? ""
    return [.preview]
        + (empty ? matchBlocks([], threshold: 0) : sightBlocks(sight))
        + [
            .paragraph(rate + timesText(sight.times)),
            .button("Add this to the gallery", .addFrame),
        ]
}

/// The screen of a picked photo: its matches, best first.
func resultsContent(_ state: ResultsState, threshold: Double) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .empty: [.paragraph("Pick a photo to search with; the app sees no other.")]
        case .looking: [.paragraph("Looking")]
        case .failed(let sentence): [.problem(sentence)]
        case .found(let matches, let times):
            matchBlocks(matches, threshold: threshold) + [.paragraph(timesText(times))]
        }
    return ScreenContent(title: "Photo", blocks: blocks + [pickPhoto])
}

/// The large picture of a match; where the gallery came from a computer, its thumbnail.
func pictureContent(_ state: PictureState) -> ScreenContent {
    let picture = state.picture
    let note =
        state.photo == nil
        ? Block.paragraph("The gallery came with a small picture of this photo only.")
        : Block.button("Delete from the gallery", .delete(picture.id))
    return ScreenContent(
        title: picture.title,
        blocks: [
            .largePicture(picture),
            .paragraph("\(picture.path), \(picture.widthPx) x \(picture.heightPx) pixels"),
            note,
            .button("Back", .hidePicture),
        ])
}

/// The settings. They can be reached without a model, too: another choice may be what it needs.
func settingsContent(_ settings: Settings, _ start: StartState) -> ScreenContent {
    let about: [Block] =
        switch start {
        case .opening: [.paragraph("Opening model and gallery")]
        case .refused(let sentence, _): [.problem(sentence)]
        case .ready(let ready):
            [.paragraph("Model: \(ready.manifest.name), \(ready.manifest.precision)")]
                + (ready.sentence.map { [.problem($0)] } ?? [])
        }
    return ScreenContent(
        title: "Settings",
        blocks: about + [
            choice("The model runs on", Accelerator.allCases, settings, \.accelerator, \.title),
            choice(
                "Things that are not in the gallery may be answered", Settings.shares, settings,
                \.falseAnswers
            ) { "\(Int(($0 * 100).rounded())) %" },
            choice("Matches of a photo", Settings.tops, settings, \.top) { "\($0)" },
        ])
}

private func choice<Value: Equatable>(
    _ title: String, _ values: [Value], _ settings: Settings,
    _ setting: WritableKeyPath<Settings, Value>, _ text: (Value) -> String
) -> Block {
    let options = values.map { value in
        var changed = settings
        changed[keyPath: setting] = value
        return Option(
            text: text(value), isChosen: settings[keyPath: setting] == value,
            action: .change(changed))
    }
    return .choice(title: title, options: options)
}

extension Accelerator {
    fileprivate var title: String {
        switch self {
        case .all: "What is fastest"
        case .neuralEngine: "Neural Engine"
        case .gpu: "Graphics"
        case .cpu: "Processor"
        }
    }
}
