// Every state of every screen, with the same made-up catalogue as in Kotlin.

import Foundation
import XCTest

@testable import ActnetApp
@testable import Actnet
@testable import ActnetCore

/// A state's name and what it shows; `only` names the platform that has it, nil where both do.
struct ScreenState {
    let name: String
    var only: String?
    let content: (Words) -> ScreenContent

    init(_ name: String, only: String? = nil, _ content: @escaping (Words) -> ScreenContent) {
        self.name = name
        self.only = only
        self.content = content
    }
}

/// Made-up things, and the states that show them.
struct MadeUp {
    static let sentence = "what the phone or the core said"
    static let nothing = ScreenContent(title: "", blocks: [])
    let night = Thing(
        pictureId: 1, path: "art/night.jpg", title: "The Starry Night", maker: "Vincent van Gogh",
        text: "Painted in 1889.", link: "https://example.org/night")
    let wave = Thing(
        pictureId: 2, path: "art/wave.jpg", title: "The Great Wave", maker: "Hokusai")
    let door = Thing(pictureId: 3, path: "doors/door.jpg", title: "door.jpg")
    let mine = Thing(
        pictureId: 4, path: "added/" + String(repeating: "0a", count: 16), title: "My cup")
    let ready: Ready
    let gallery: OpenGallery
    let visitor: Settings
    let developer: Settings
    let figures: Figures
    let measured: BenchmarkResult
    let outline = [
        Place(x: 0.2, y: 0.2), Place(x: 0.8, y: 0.25), Place(x: 0.75, y: 0.8),
        Place(x: 0.25, y: 0.75),
    ]

    init() throws {
        var settings = Settings()
        settings.welcomed = true
        visitor = settings
        settings.developer = true
        developer = settings
        let manifest = try FakePhone().manifest()
        ready = Ready(
            manifest: manifest,
            selfTest: try XCTUnwrap(
                SelfTest(manifest: manifest, descriptor: FakePhone.descriptor(0))),
            thresholds: try XCTUnwrap(
                AnswerThresholds([AnswerThreshold(least: 0.55, falseAnswers: 0.05)])),
            accelerator: .all, sentence: nil)
        let model = GalleryModel(
            file: "m.tflite", format: "tflite", precision: "fp16", sha256: "ab",
            preprocessingName: "p", preprocessingVersion: 1, heightPx: 2, widthPx: 3, dim: 256)
        gallery = OpenGallery(
            info: GalleryInfo(
                model: model, storage: .int8, thumbnailSidePx: 160, uuid: "u",
                madeBy: "actnet 0.1"),
            counts: GalleryCounts(pictures: 120, labels: 3), things: [night, wave, mine],
            matching: 120, problems: [], progress: nil, waiting: 0, sentence: nil)
        let times = StageTimes(decodeMs: 12.3, resizeMs: 1.26, inferenceMs: 30, searchMs: 0.5)
        let windows = try [(5.0, 30.0), (295.0, 45.0)].map { atS, ms in
            Window(atS: atS, try XCTUnwrap(LatencySummary(samplesMs: [ms])))
        }
        measured = BenchmarkResult(
            inferenceMs: [30, 31],
            inference: try XCTUnwrap(LatencySummary(samplesMs: [30, 31])),
            stages: try XCTUnwrap(StageSummaries([times, times])), windows: windows)
        figures = Figures(
            matches: [
                Match(
                    picture: GalleryPicture.sample(1, "art/night.jpg", nil), similarity: 0.8123,
                    alike: 2)
            ],
            times: times)
    }

    func live(
        _ name: String, _ state: LiveState, _ settings: Settings? = nil, torch: Bool? = nil
    ) -> ScreenState {
        ScreenState(name) { liveContent(state, settings ?? visitor, torch: torch, $0) }
    }

    func seeing(_ sight: Sight, isFrozen: Bool = false) -> LiveState {
        .seeing(
            Seen(sight: sight, figures: figures, framesPerSecond: 14.96, isFrozen: isFrozen))
    }

    func answered(_ thing: Thing, _ outline: [Place]?) -> Sight {
        .answered(thing, outline: outline, others: [])
    }

    func photo(_ name: String, _ state: ResultsState, _ settings: Settings? = nil) -> ScreenState {
        ScreenState(name) { resultsContent(state, settings ?? visitor, $0) }
    }

    func item(
        _ name: String, _ thing: Thing, isOfPhone: Bool = false, _ settings: Settings? = nil
    ) -> ScreenState {
        let state = PictureState(
            thing: thing, picture: GalleryPicture.sample(thing.pictureId, thing.path, nil),
            photo: isOfPhone ? URL(fileURLWithPath: "/photo") : nil, name: thing.title)
        return ScreenState(name) { pictureContent(state, settings ?? visitor, $0) }
    }

    func catalogue(
        _ name: String, _ settings: Settings? = nil,
        _ change: (inout OpenGallery) -> Void = { _ in }
    ) -> ScreenState {
        var changed = gallery
        change(&changed)
        return ScreenState(name) { [changed] in
            galleryContent(.open(changed), settings ?? visitor, $0)
        }
    }

    func start(
        _ name: String, _ state: StartState, several: Bool = false
    ) -> ScreenState {
        ScreenState(name) { words in
            startContent(state, several: several, words) ?? Self.nothing
        }
    }

    func settings(
        _ name: String, _ settings: Settings, _ start: StartState, only: String? = nil,
        _ models: ModelsState = ModelsState()
    ) -> ScreenState {
        ScreenState(name, only: only) { settingsContent(settings, start, models, $0) }
    }
}
