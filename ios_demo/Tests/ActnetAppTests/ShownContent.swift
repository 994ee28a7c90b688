// What a screen shows, as tests/golden/screens.json writes it.

@testable import ActnetApp

struct ScreensFile: Codable {
    let states: [ShownState]
}

struct ShownState: Codable {
    let name: String
    var only: String?
    let en: ShownContent
    let de: ShownContent
}

struct ShownContent: Codable, Equatable {
    let title: String
    let blocks: [ShownBlock]

    init(_ content: ScreenContent) {
        title = content.title
        blocks = content.blocks.map(ShownBlock.init)
    }
}

struct ShownOption: Codable, Equatable {
    let text: String
    let chosen: Bool
    let label: String
}

struct ShownBlock: Codable, Equatable {
    var kind: String
    var text: String?
    var announced: Bool?
    var action: String?
    var label: String?
    var outline: Bool?
    var aims: Bool?
    var title: String?
    var detail: String?
    var options: [ShownOption]?
    var share: Double?
    var input: String?

    init(_ block: Block) {
        switch block {
        case .preview(let said, let shape, let isAiming):
            (kind, label, outline, aims) = ("preview", said, shape != nil, isAiming)
        case .heading(let said, let isAnnounced):
            (kind, text, announced) = ("heading", said, isAnnounced)
        case .paragraph(let said): (kind, text) = ("paragraph", said)
        case .problem(let said): (kind, text) = ("problem", said)
        case .button(let said, let wanted):
            (kind, text, action) = ("button", said, told(wanted))
        case .choice(let said, let all):
            (kind, title) = ("choice", said)
            options = all.map {
                ShownOption(text: $0.text, chosen: $0.isChosen, label: $0.label)
            }
        case .progress(let said, let done): (kind, text, share) = ("progress", said, done)
        case .pictureRow(_, let said, let more, let wanted):
            (kind, title, detail, action) = ("row", said, more, told(wanted))
        case .largePicture(_, _, let said): (kind, label) = ("picture", said)
        case .field(let said, let written, let purpose):
            (kind, label, text, input) = ("field", said, written, purpose.rawValue)
        case .share(let said, _): (kind, text) = ("share", said)
        }
    }
}

private func told(_ action: Action) -> String {
    switch action {
    case .open(let screen): "open \(screen)"
    case .showPicture(let id): "show \(id)"
    case .pick(let id): "pick \(id)"
    case .noneOfThese: "none of these"
    case .change: "change"
    case .delete: "delete"
    case .rename: "rename"
    case .measure(let seconds): "measure \(Int(seconds))"
    case .freeze(let isOn): isOn ? "freeze" : "unfreeze"
    case .torch(let isOn): isOn ? "torch on" : "torch off"
    case .share(let text): "share \(text)"
    case .start: "start"
    case .addFrame: "add frame"
    case .undoAdding: "undo adding"
    case .showMore: "show more"
    case .clearHistory: "clear history"
    case .stopIndexing: "stop indexing"
    case .goOnIndexing: "go on indexing"
    case .restoreGallery: "restore gallery"
    case .stopMeasuring: "stop measuring"
    case .runSelfTest: "run self test"
    case .back: "back"
    case .ask(.camera): "ask for camera"
    case .ask(.settings): "open system settings"
    case .ask(.photo): "pick photo"
    case .ask(.photos): "add photos"
    case .ask(.link(let link)): "link \(link)"
    }
}
