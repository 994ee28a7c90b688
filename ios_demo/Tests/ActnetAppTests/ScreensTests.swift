@testable import ActnetCore
import Foundation
import XCTest

@testable import ActnetApp

final class ScreensTests: XCTestCase {
    private let times = StageTimes(decodeMs: 12.3, resizeMs: 1.26, inferenceMs: 30, searchMs: 0.5)
    private let cover = Match(
        picture: GalleryPicture.sample(7, "covers/a.jpg", "Moby Dick"), similarity: 0.8123,
        alike: 2)
    private let door = Match(
        picture: GalleryPicture.sample(8, "doors/b.jpg", nil), similarity: 0.41, alike: 0)

    private func seeing(_ sighting: Sighting, _ rate: Double? = nil) -> LiveState {
        .seeing(
            Sight(
                sighting: sighting, named: [cover, door], matches: [cover], times: times,
                framesPerSecond: rate))
    }

    private func candidate(_ match: Match) -> Candidate {
        Candidate(
            key: "\(match.picture.id)", pictureId: match.picture.id, similarity: match.similarity,
            inliers: 0)
    }

    func testLiveShowsTheBestMatchWithTimes() {
        let content = liveContent(
            seeing(.verified(candidate(cover), outline: nil), 14.96))
        XCTAssertEqual(
            content.blocks,
            [
                .preview,
                .pictureRow(cover.picture, detail: "similarity 0.812, and 2 nearly the same"),
                .paragraph(
                    "15.0 frames a second; decode 12, resize 1.3, model 30, search 0.5, "
                        + "together 44 ms"),
                .button("Add this to the gallery", .addFrame),
            ])
    }

    func testWhatIsNotSureIsAsked() {
        let asked = liveContent(seeing(.maybe([candidate(door), candidate(cover)]))).blocks
        XCTAssertTrue(asked.contains(.heading("Is it one of these?")))
        let ids = asked.compactMap { block -> Int64? in
            if case .pictureRow(let picture, _) = block { picture.id } else { nil }
        }
        XCTAssertEqual(ids, [8, 7])
        let looking = liveContent(seeing(.looking)).blocks
        XCTAssertTrue(looking.contains(.heading("Hold a thing of the gallery before the camera")))
    }

    func testAPhotoBelowTheThresholdIsSimilarToNothing() {
        let below = resultsContent(.found([door], times), threshold: 0.5).blocks
        XCTAssertTrue(below.contains(.heading("Nothing similar in the gallery")))
        XCTAssertTrue(below.contains(.paragraph("The nearest is less than 0.50 similar:")))
        let atThreshold = resultsContent(.found([door], times), threshold: 0.41).blocks
        XCTAssertFalse(atThreshold.contains(.heading("Nothing similar in the gallery")))
    }

    func testAnEmptyGallerySaysSo() {
        let blocks = liveContent(seeing(.looking), empty: true).blocks
        XCTAssertTrue(blocks.contains(.heading("The gallery is empty")))
        XCTAssertTrue(blocks.contains(.button("Add photos", .ask(.photos))))
    }

    func testARefusedCameraLeadsToTheQuestionThenToTheSettings() {
        let first = liveContent(.noPermission(mayAsk: true)).blocks
        XCTAssertTrue(first.contains(.button("Allow the camera", .ask(.camera))))
        let later = liveContent(.noPermission(mayAsk: false)).blocks
        XCTAssertTrue(
            later.contains(.button("Open the system's settings to allow it", .ask(.settings))))
        for blocks in [first, later] {
            XCTAssertTrue(blocks.contains(.button("Pick a photo", .ask(.photo))))
            XCTAssertFalse(blocks.contains(.preview))
        }
    }

    func testWithoutACameraPhotosAreLeft() {
        for state in [LiveState.failed("No camera."), .paused("Too hot.")] {
            let blocks = liveContent(state).blocks
            XCTAssertEqual(blocks.count, 2)
            XCTAssertEqual(blocks.last, .button("Pick a photo", .ask(.photo)))
        }
    }

    func testPhotoListsWhatIsSimilarEnough() {
        let rows = { (threshold: Double) in
            resultsContent(.found([self.cover, self.door], self.times), threshold: threshold)
                .blocks.filter { if case .pictureRow = $0 { true } else { false } }.count
        }
        XCTAssertEqual(rows(0.5), 1)
        XCTAssertEqual(rows(0.4), 2)
        for state in [ResultsState.empty, .looking, .failed("no")] {
            XCTAssertEqual(resultsContent(state, threshold: 0.5).blocks.last, pickPhoto)
        }
    }

    func testOnlyPhotosOfThisPhoneCanBeDeleted() {
        let file = URL(fileURLWithPath: "/photo")
        let here = pictureContent(PictureState(picture: cover.picture, photo: file)).blocks
        XCTAssertTrue(here.contains(.button("Delete from the gallery", .delete(7))))
        let there = pictureContent(PictureState(picture: cover.picture, photo: nil))
        XCTAssertFalse(there.blocks.contains(.button("Delete from the gallery", .delete(7))))
        XCTAssertEqual(there.title, "Moby Dick")
        XCTAssertEqual(there.blocks.first, .largePicture(cover.picture))
    }

    func testSettingsMarkWhatIsChosen() throws {
        var chosen = Settings()
        (chosen.falseAnswers, chosen.accelerator, chosen.top) = (0.1, .cpu, 20)
        let test = try XCTUnwrap(
            SelfTest(manifest: FakePhone().manifest(), descriptor: FakePhone.descriptor(0)))
        let thresholds = try XCTUnwrap(
            AnswerThresholds([AnswerThreshold(least: 0.5, falseAnswers: 0.05)]))
        let ready = StartState.ready(
            Ready(
                manifest: try FakePhone().manifest(), selfTest: test, thresholds: thresholds,
                sentence: nil))
        let content = settingsContent(chosen, ready)
        var marked: [String] = []
        for case .choice(_, let options) in content.blocks {
            marked += options.filter(\.isChosen).map(\.text)
            let others = options.filter { !$0.isChosen }
            XCTAssertTrue(others.allSatisfy { $0.action != .change(chosen) })
        }
        XCTAssertEqual(marked, ["Processor", "10 %", "20"])
        XCTAssertEqual(content.blocks.first, .paragraph("Model: fake, fp16"))
    }

    func testTheGalleryTellsWhatIsInIt() throws {
        var gallery = try OpenGallery.sample()
        gallery.problems = [GalleryProblem(path: "added/x", reason: "truncated")]
        let blocks = galleryContent(.open(gallery)).blocks
        XCTAssertEqual(blocks.first, .heading("12 pictures, 3 labels"))
        XCTAssertTrue(blocks.contains(.problem("added/x: truncated")))
        gallery.counts = GalleryCounts(pictures: 0, labels: 0)
        XCTAssertEqual(
            galleryContent(.open(gallery)).blocks.first, .heading("The gallery is empty"))
    }

    func testIndexingShowsHowFarItIsAndCanBeStopped() throws {
        var gallery = try OpenGallery.sample()
        gallery.progress = IndexProgress(done: 3, total: 12)
        let going = galleryContent(.open(gallery)).blocks
        XCTAssertTrue(going.contains(.progress("Describing photo 4 of 12", share: 0.25)))
        XCTAssertTrue(going.contains(.button("Stop", .stopIndexing)))
        (gallery.progress, gallery.waiting, gallery.sentence) = (nil, 9, "The storage is full.")
        let stopped = galleryContent(.open(gallery)).blocks
        XCTAssertTrue(stopped.contains(.problem("The storage is full.")))
        XCTAssertTrue(stopped.contains(.paragraph("Waiting to be described: 9")))
        XCTAssertTrue(stopped.contains(.button("Go on", .goOnIndexing)))
    }

    func testTheBenchmarkFollowsItsState() {
        let five = Block.button("Measure 5 minutes without pause", .measure(sustainedS: 300))
        XCTAssertTrue(benchmarkContent(.idle).blocks.contains(five))
        XCTAssertEqual(
            benchmarkContent(.running(0.5)).blocks,
            [.progress("Measuring", share: 0.5), .button("Stop", .stopMeasuring)])
        XCTAssertEqual(benchmarkContent(.failed("no model")).blocks.first, .problem("no model"))
    }

    func testARefusedStartStandsBeforeEveryScreen() {
        var state = AppState()
        state.start = .refused("The gallery is damaged.", gallery: true)
        for screen in Screen.allCases {
            state.screen = screen
            XCTAssertEqual(state.content.blocks.first, .problem("The gallery is damaged."))
            if screen == .settings { continue }
            XCTAssertTrue(
                state.content.blocks.contains(
                    .button("Put the app's own gallery back", .restoreGallery)))
            XCTAssertFalse(state.wantsCamera)
        }
        state.screen = .live
        state.start = .refused("No model.", gallery: false)
        XCTAssertEqual(state.content.blocks, [.problem("No model.")])
    }
}

extension GalleryPicture {
    static func sample(_ id: Int64, _ path: String, _ label: String?) -> GalleryPicture {
        GalleryPicture(id: id, path: path, label: label, widthPx: 300, heightPx: 400)
    }
}

extension OpenGallery {
    static func sample() throws -> OpenGallery {
        let model = GalleryModel(try FakePhone().manifest())
        return OpenGallery(
            info: GalleryInfo(
                model: model, storage: .int8, thumbnailSidePx: 32, uuid: "u", madeBy: "test"),
            counts: GalleryCounts(pictures: 12, labels: 3), pictures: [], problems: [],
            progress: nil, waiting: 0, sentence: nil)
    }
}
