// Live, photo, history and item screen: from state to content.

import Actnet

/// Shown once, before the camera is asked for.
func welcomeContent(_ words: Words) -> ScreenContent {
    ScreenContent(
        title: words("app"),
        blocks: [
            .heading(words("welcome_title")), .paragraph(words("welcome_text")),
            .button(words("welcome_start"), .start), pickPhoto(words),
        ])
}

/// The live screen: the camera, and what it sees.
///
/// - Parameter torch: whether the lamp is on; nil where there is none.
func liveContent(
    _ state: LiveState, _ settings: Settings, torch: Bool?, _ words: Words
) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .starting: [preview(.nothing, words), .paragraph(words("camera_starting"))]
        case .noPermission(let mayAsk): permissionBlocks(mayAsk: mayAsk, words)
        case .failed(let sentence): problem("camera_missing", sentence, words) + [pickPhoto(words)]
        case .paused: [.problem(words("camera_hot")), pickPhoto(words)]
        case .seeing(let seen): seeingBlocks(seen, settings, torch, words)
        }
    return ScreenContent(title: words(Screen.live.key), blocks: blocks)
}

func pickPhoto(_ words: Words) -> Block { .button(words("pick_photo"), .ask(.photo)) }

/// What is wrong for a visitor, and the sentence that tells an owner why.
func problem(_ key: String, _ sentence: String, _ words: Words) -> [Block] {
    [.problem(words(key)), .paragraph(words("details", sentence))]
}

private func preview(_ sight: Sight, _ words: Words) -> Block {
    let label = words("camera_preview")
    guard case .answered(_, let outline, _) = sight else {
        return .preview(label: label, outline: nil, aims: true)
    }
    return .preview(label: label, outline: outline, aims: false)
}

private func permissionBlocks(mayAsk: Bool, _ words: Words) -> [Block] {
    [
        .heading(words("camera_refused")), .paragraph(words("camera_why")),
        mayAsk
            ? .button(words("camera_allow"), .ask(.camera))
            : .button(words("camera_settings"), .ask(.settings)),
        pickPhoto(words),
    ]
}

private func seeingBlocks(
    _ seen: Seen, _ settings: Settings, _ torch: Bool?, _ words: Words
) -> [Block] {
    let still = Block.button(
        words(seen.isFrozen ? "unfreeze" : "freeze"), .freeze(!seen.isFrozen))
    let lamp = torch.map { Block.button(words($0 ? "torch_off" : "torch_on"), .torch(!$0)) }
    let figures =
        settings.developer
        ? figureBlocks(seen.figures, seen.framesPerSecond)
            + [.button(words("gallery_add_frame"), .addFrame)]
        : []
    return stacked(
        [preview(seen.sight, words)], sightBlocks(seen.sight, isLive: true, words), [still],
        lamp.map { [$0] } ?? [], [pickPhoto(words)], figures)
}

/// A live sight changes by itself, and what is not known yet may still come.
private func sightBlocks(_ sight: Sight, isLive: Bool, _ words: Words) -> [Block] {
    switch sight {
    case .empty: [.heading(words("empty"), announced: true)]
    case .nothing where isLive: [.paragraph(words("looking"))]
    case .nothing:
        [.heading(words("unknown"), announced: true), .paragraph(words("unknown_text"))]
    case .asked(let things):
        stacked(
            [.heading(words("maybe"), announced: true)],
            things.map { row($0, .pick($0.pictureId), words) },
            [.button(words("maybe_none"), .noneOfThese)])
    case .answered(let thing, _, let others):
        stacked(
            [
                .heading(words("verified_said", thing.named(words)), announced: true),
                row(thing, .showPicture(thing.pictureId), words),
            ],
            others.isEmpty ? [] : [.heading(words("others"))], rows(others, words))
    }
}

private func rows(_ things: [Thing], _ words: Words) -> [Block] {
    things.map { row($0, .showPicture($0.pictureId), words) }
}

/// A thing with its maker; a photo of this phone says that it is one.
func row(_ thing: Thing, _ action: Action, _ words: Words) -> Block {
    let detail =
        if let maker = thing.maker {
            words("item_maker", maker)
        } else {
            PhotoInbox.isAdded(thing.path) ? words("gallery_added") : ""
        }
    return .pictureRow(thing, title: thing.named(words), detail: detail, action)
}

/// The screen of a picked photo.
func resultsContent(_ state: ResultsState, _ settings: Settings, _ words: Words) -> ScreenContent {
    let blocks: [Block] =
        switch state {
        case .empty: [.paragraph(words("results_empty"))]
        case .looking: [.paragraph(words("results_looking"))]
        case .failed(let sentence): problem("results_failed", sentence, words)
        case .found(let sight, let figures):
            sightBlocks(sight, isLive: false, words)
                + (settings.developer ? figureBlocks(figures, nil) : [])
        }
    return ScreenContent(title: words(Screen.results.key), blocks: blocks + [pickPhoto(words)])
}

/// What was recognised or picked, the newest first.
func historyContent(_ things: [Thing], _ words: Words) -> ScreenContent {
    let blocks: [Block] =
        things.isEmpty
        ? [.paragraph(words("history_empty"))]
        : rows(things, words) + [.button(words("history_clear"), .clearHistory)]
    return ScreenContent(title: words(Screen.history.key), blocks: blocks)
}

/// The page of an item, with what the catalogue says of it.
func pictureContent(_ state: PictureState, _ settings: Settings, _ words: Words) -> ScreenContent {
    let thing = state.thing
    let name = thing.named(words)
    let maker = thing.maker.map { words("item_maker", $0) }
    let said = [maker, thing.text].compactMap { $0 }.map { Block.paragraph($0) }
    let isSilent = said.isEmpty && state.photo == nil
    let shared = [name, maker, thing.link].compactMap { $0 }.joined(separator: "\n")
    let link = thing.link.map { [Block.button(words("item_link"), .ask(.link($0)))] } ?? []
    let figures = settings.developer ? [Block.paragraph(pictureFigures(state.picture))] : []
    let large = Block.largePicture(
        id: thing.pictureId, path: thing.path, label: words("item_picture", name))
    return ScreenContent(
        title: name,
        blocks: stacked(
            [large], said, isSilent ? [.paragraph(words("item_missing"))] : [], link,
            [.button(words("item_share"), .share(shared))],
            state.photo == nil ? [] : ownerBlocks(state, words), figures,
            [.button(words("back"), .back)]))
}

private func ownerBlocks(_ state: PictureState, _ words: Words) -> [Block] {
    [
        .field(label: words("item_name"), text: state.name, .name),
        .button(words("item_save"), .rename(state.thing.path)),
        .button(words("item_delete"), .delete(state.thing.path)),
    ]
}
