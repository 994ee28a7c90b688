// The list of states that tests/golden/screens.json holds both apps to.

import Foundation

@testable import ActnetApp
@testable import Actnet
@testable import ActnetCore

extension MadeUp {
    var states: [ScreenState] {
        startStates + liveStates + photoStates + itemStates + galleryStates + otherStates
    }

    private var startStates: [ScreenState] {
        let refused = { StartState.refused(Self.sentence, gallery: $0) }
        return [
            ScreenState("first start") { welcomeContent($0) },
            start("opening", .opening()),
            start("opening a model", .opening(model: "mine")),
            start("gallery refused", refused(true)),
            start("model refused", refused(false)),
            start("model refused, another there", refused(false), several: true),
            ScreenState("models missing on iOS", only: "ios") { words in
                let state = StartState.refused(sentences(AppError.noModels), gallery: false)
                return startContent(state, several: false, words) ?? Self.nothing
            },
        ]
    }

    private var liveStates: [ScreenState] {
        let nothing = seeing(.nothing)
        let many = Sight.asked([night, wave, door])
        return [
            live("camera not allowed", .noPermission(mayAsk: true)),
            live("camera not allowed for good", .noPermission(mayAsk: false)),
            live("camera starting", .starting),
            live("camera failed", .failed(Self.sentence)),
            live("phone too hot", .paused),
            live("looking", nothing),
            live("looking, with a lamp", nothing, torch: false),
            live("looking, lamp on", nothing, torch: true),
            live("maybe", seeing(many)),
            live("verified", seeing(answered(night, outline))),
            live("verified, held", seeing(answered(night, outline), isFrozen: true)),
            live("verified, outline not known", seeing(answered(night, nil))),
            live("verified, photo of the phone", seeing(answered(mine, outline))),
            live("verified, for developers", seeing(answered(door, outline)), developer),
            live("catalogue empty", seeing(.empty)),
        ]
    }

    private var photoStates: [ScreenState] {
        let verified = Sight.answered(night, outline: nil, others: [wave, door])
        return [
            photo("photo: none", .empty),
            photo("photo: looking", .looking),
            photo("photo: verified", .found(verified, figures)),
            photo("photo: maybe", .found(.asked([night, wave, door]), figures)),
            photo("photo: not in the catalogue", .found(.nothing, figures)),
            photo("photo: catalogue empty", .found(.empty, figures)),
            photo("photo: failed", .failed(Self.sentence)),
            photo("photo: for developers", .found(.nothing, figures), developer),
        ]
    }

    private var itemStates: [ScreenState] {
        var unnamed = mine
        unnamed.title = ""
        return [
            item("item", night),
            item("item without fields", door),
            item("item of the phone", mine, isOfPhone: true),
            item("item of the phone, no name", unnamed, isOfPhone: true),
            item("item for developers", wave, developer),
            ScreenState("seen: nothing") { historyContent([], $0) },
            ScreenState("seen") { [wave, night] in historyContent([wave, night], $0) },
        ]
    }

    private var galleryStates: [ScreenState] {
        [
            ScreenState("catalogue: opening") { [visitor] in galleryContent(.opening, visitor, $0)
            },
            catalogue("catalogue: empty") {
                ($0.counts, $0.things, $0.matching) = (.of(0), [], 0)
            },
            catalogue("catalogue: one") { [night] in
                ($0.counts, $0.things, $0.matching) = (.of(1), [night], 1)
            },
            catalogue("catalogue"),
            catalogue("catalogue: searched") { [wave] in
                ($0.words, $0.things, $0.matching) = ("wave", [wave], 1)
            },
            catalogue("catalogue: adding") { $0.progress = IndexProgress(done: 3, total: 12) },
            catalogue("catalogue: waiting") { $0.waiting = 9 },
            catalogue("catalogue: added") { $0.undoable = true },
            catalogue("catalogue: failed") { [mine] in
                $0.sentence = Self.sentence
                $0.problems = [GalleryProblem(path: mine.path, reason: Self.sentence)]
            },
            catalogue("catalogue: for developers", developer),
        ]
    }

    private var several: ModelsState {
        ModelsState(
            carried: [
                CarriedModel(name: "small", state: .usable(ready.manifest)),
                CarriedModel(name: "large", state: .usable(ready.manifest)),
                CarriedModel(name: "broken", state: .refused(Self.sentence)),
            ], used: "small", sentence: Self.sentence)
    }

    private var otherStates: [ScreenState] {
        var fellBack = ready
        fellBack.sentence = Self.sentence
        return [
            settings("settings", visitor, .ready(ready)),
            settings("settings: fell back", visitor, .ready(fellBack)),
            settings("settings: opening", visitor, .opening()),
            settings("settings on iOS: for developers", developer, .ready(ready), only: "ios"),
            settings(
                "settings on iOS: several models", visitor, .ready(ready), only: "ios", several),
            settings(
                "settings on iOS: refused", visitor, .refused(Self.sentence, gallery: false),
                only: "ios"),
            ScreenState("benchmark") { benchmarkContent(.idle, $0) },
            ScreenState("benchmark: running") { benchmarkContent(.running(0.5), $0) },
            ScreenState("benchmark: failed") { benchmarkContent(.failed(Self.sentence), $0) },
            ScreenState("benchmark on iOS: for developers", only: "ios") { [measured] in
                benchmarkContent(.done(measured, file: URL(fileURLWithPath: "/report")), $0)
            },
            ScreenState("about on iOS", only: "ios") { [ready] in
                aboutContent(ready, ModelsState(), $0)
            },
        ]
    }
}

extension GalleryCounts {
    fileprivate static func of(_ pictures: Int) -> GalleryCounts {
        GalleryCounts(pictures: pictures, labels: 0)
    }
}
