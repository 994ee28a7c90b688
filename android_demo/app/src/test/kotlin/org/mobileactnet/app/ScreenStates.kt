/* Every state of every screen, with the same made-up catalogue as in Swift. */
package org.mobileactnet.app

import org.mobileactnet.Accelerator
import org.mobileactnet.AnswerThreshold
import org.mobileactnet.AnswerThresholds
import org.mobileactnet.BenchmarkResult
import org.mobileactnet.CarriedModel
import org.mobileactnet.GalleryCounts
import org.mobileactnet.GalleryInfo
import org.mobileactnet.IndexProgress
import org.mobileactnet.Match
import org.mobileactnet.Measure
import org.mobileactnet.ModelChoice
import org.mobileactnet.Picture
import org.mobileactnet.Place
import org.mobileactnet.Preprocessing
import org.mobileactnet.Problem
import org.mobileactnet.SelfTest
import org.mobileactnet.StageTimes
import org.mobileactnet.Storage
import org.mobileactnet.Window
import org.mobileactnet.engine.noLiteRt
import org.mobileactnet.exportedManifest
import org.mobileactnet.readManifest

/** A state's name and what it shows; [only] names the platform that has it, null where both do. */
class ScreenState(val name: String, val only: String? = null, val content: (Words) -> ScreenContent)

private const val SENTENCE = "what the phone or the core said"

val night =
    Thing(1, "art/night.jpg", "The Starry Night", "Vincent van Gogh", "Painted in 1889.", "https://example.org/night")
val wave = Thing(2, "art/wave.jpg", "The Great Wave", "Hokusai")
val door = Thing(3, "doors/door.jpg", "door.jpg")
val mine = Thing(4, "added/" + "0a".repeat(16), "My cup")
private val times = StageTimes(12.3, 1.26, 30.0, 0.5)
private val figures = Figures(listOf(Match(Picture(1, "art/night.jpg", null, 300, 400), 0.8123, 6.2, 2)), times)

/** What Android says of an APK without the library. */
const val NO_LIBRARY = "dlopen failed: library \"libLiteRt.so\" not found"
private const val NO_MODELS = "The app was built without models.json; run make android-assets and build the app again"

private fun refusedContent(sentence: String, words: Words) =
    requireNotNull(startContent(StartState.Refused(sentence, gallery = false), several = false, words))

private val outline = listOf(Place(0.2, 0.2), Place(0.8, 0.25), Place(0.75, 0.8), Place(0.25, 0.75))
private val visitor = Settings(welcomed = true)
private val developer = visitor.copy(developer = true)
private val noModels = ModelsState(emptyList(), null, null)

val ready = StartState.Ready(
    readManifest(exportedManifest, "m"),
    SelfTest(1.0, 0.999),
    AnswerThresholds(listOf(AnswerThreshold(Measure.DISTINCTNESS, 3.92, 0.05, 0.61)), 600, "ab"),
    ModelChoice(2, Accelerator.CPU)
)

private val gallery = GalleryState.Open(
    GalleryInfo("m.tflite", "fp16", "ab", Preprocessing("p", 1, 2, 3), 256, Storage.INT8, 160, "u", 4, "actnet 0.1"),
    GalleryCounts(120, 3, 120, 0), "", listOf(night, wave, mine), 120, emptyList(), null, 0, null
)

private fun live(name: String, state: LiveState, settings: Settings = visitor, torch: Boolean? = null) =
    ScreenState(name) { liveContent(state, settings, torch, it) }

private fun seeing(sight: Sight, frozen: Boolean = false) = LiveState.Seeing(sight, figures, 14.96, frozen)

private fun photo(name: String, state: ResultsState, settings: Settings = visitor) =
    ScreenState(name) { resultsContent(state, settings, it) }

private fun item(name: String, thing: Thing, hasPhoto: Boolean = false, settings: Settings = visitor) =
    ScreenState(name) { words ->
        pictureContent(
            PictureState(thing, Picture(thing.pictureId, thing.path, null, 300, 400), hasPhoto),
            settings,
            words
        )
    }

private fun catalogue(name: String, state: GalleryState, settings: Settings = visitor) =
    ScreenState(name) { galleryContent(state, settings, it) }

private fun start(name: String, state: StartState, several: Boolean = false) =
    ScreenState(name) { requireNotNull(startContent(state, several, it)) }

private fun settings(
    name: String,
    settings: Settings,
    start: StartState,
    only: String? = "android",
    models: ModelsState = noModels
) = ScreenState(name, only) { settingsContent(settings, start, models, it) }

private val several = ModelsState(
    listOf(
        CarriedModel.Usable("small", ready.manifest, ready.thresholds),
        CarriedModel.Usable("large", ready.manifest, ready.thresholds),
        CarriedModel.Refused("broken", SENTENCE)
    ),
    "small",
    SENTENCE
)

private val measured = BenchmarkState.Done(
    "small",
    BenchmarkResult(
        doubleArrayOf(30.0, 31.0),
        List(2) { times },
        listOf(Window(5.0, 30.0, 33.0, 300), Window(295.0, 45.0, 50.0, 300))
    ),
    "{}",
    saved = null
)

val screenStates: List<ScreenState> = listOf(
    ScreenState("first start") { welcomeContent(it) },
    start("opening", StartState.Opening()),
    start("opening a model", StartState.Opening("mine")),
    start("gallery refused", StartState.Refused(SENTENCE, gallery = true)),
    start("model refused", StartState.Refused(SENTENCE, gallery = false)),
    start("model refused, another there", StartState.Refused(SENTENCE, gallery = false), several = true),
    ScreenState("LiteRT missing on Android", "android") { refusedContent(noLiteRt(NO_LIBRARY), it) },
    ScreenState("models missing on Android", "android") { refusedContent(NO_MODELS, it) },
    live("camera not allowed", LiveState.NoPermission(mayAsk = true)),
    live("camera not allowed for good", LiveState.NoPermission(mayAsk = false)),
    live("camera starting", LiveState.Starting),
    live("camera failed", LiveState.Failed(SENTENCE)),
    live("phone too hot", LiveState.Paused),
    live("looking", seeing(Sight.Nothing)),
    live("looking, with a lamp", seeing(Sight.Nothing), torch = false),
    live("looking, lamp on", seeing(Sight.Nothing), torch = true),
    live("maybe", seeing(Sight.Asked(listOf(night, wave, door)))),
    live("verified", seeing(Sight.Answered(night, outline, emptyList()))),
    live("verified, held", seeing(Sight.Answered(night, outline, emptyList()), frozen = true)),
    live("verified, outline not known", seeing(Sight.Answered(night, null, emptyList()))),
    live("verified, photo of the phone", seeing(Sight.Answered(mine, outline, emptyList()))),
    live("verified, for developers", seeing(Sight.Answered(door, outline, emptyList())), developer),
    live("catalogue empty", seeing(Sight.Empty)),
    photo("photo: none", ResultsState.Empty),
    photo("photo: looking", ResultsState.Looking),
    photo("photo: verified", ResultsState.Found(Sight.Answered(night, null, listOf(wave, door)), figures)),
    photo("photo: maybe", ResultsState.Found(Sight.Asked(listOf(night, wave, door)), figures)),
    photo("photo: not in the catalogue", ResultsState.Found(Sight.Nothing, figures)),
    photo("photo: catalogue empty", ResultsState.Found(Sight.Empty, figures)),
    photo("photo: failed", ResultsState.Failed(SENTENCE)),
    photo("photo: for developers", ResultsState.Found(Sight.Nothing, figures), developer),
    item("item", night),
    item("item without fields", door),
    item("item of the phone", mine, hasPhoto = true),
    item("item of the phone, no name", mine.copy(title = ""), hasPhoto = true),
    item("item for developers", wave, settings = developer),
    ScreenState("seen: nothing") { historyContent(emptyList(), it) },
    ScreenState("seen") { historyContent(listOf(wave, night), it) },
    catalogue("catalogue: opening", GalleryState.Opening),
    catalogue("catalogue: empty", gallery.copy(counts = GalleryCounts(0, 0, 0, 0), things = emptyList(), matching = 0)),
    catalogue("catalogue: one", gallery.copy(counts = GalleryCounts(1, 0, 1, 0), things = listOf(night), matching = 1)),
    catalogue("catalogue", gallery),
    catalogue("catalogue: searched", gallery.copy(words = "wave", things = listOf(wave), matching = 1)),
    catalogue("catalogue: adding", gallery.copy(progress = IndexProgress(3, 12, 0))),
    catalogue("catalogue: waiting", gallery.copy(waiting = 9)),
    catalogue("catalogue: added", gallery.copy(undoable = true)),
    catalogue("catalogue: failed", gallery.copy(sentence = SENTENCE, problems = listOf(Problem(mine.path, SENTENCE)))),
    catalogue("catalogue: for developers", gallery, developer),
    settings("settings", visitor, ready, only = null),
    settings("settings: fell back", visitor, ready.copy(sentence = SENTENCE), only = null),
    settings("settings: opening", visitor, StartState.Opening(), only = null),
    settings("settings on Android: for developers", developer, ready),
    settings("settings on Android: several models", visitor, ready, models = several),
    settings("settings on Android: refused", visitor, StartState.Refused(SENTENCE, gallery = false)),
    ScreenState("benchmark") { benchmarkContent(BenchmarkState.Idle, it) },
    ScreenState("benchmark: running") { benchmarkContent(BenchmarkState.Running(0.5), it) },
    ScreenState("benchmark: failed") { benchmarkContent(BenchmarkState.Failed(SENTENCE), it) },
    ScreenState("benchmark on Android: for developers", "android") { benchmarkContent(measured, it) },
    ScreenState("about on Android", "android") { aboutContent(ready, noModels, it) }
)
