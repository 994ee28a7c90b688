/* Which content is on the screen, and what touching it does; without any view. */
package org.mobileactnet.app

/** What is to be seen of a screen now. */
fun contentOf(demo: Demo, screen: Screen): ScreenContent {
    val start = demo.start.value
    val settings = demo.settings.value
    val models = demo.models.value
    if (screen == Screen.SETTINGS && start is StartState.Refused) return settingsContent(settings, start, models)
    startContent(start, several = models.carried.size > 1)?.let { return it }
    demo.picture.value?.let { return pictureContent(it) }
    val ready = start as StartState.Ready
    val threshold = ready.thresholds.at(settings.falseAnswers)
    return when (screen) {
        Screen.LIVE -> liveContent(demo.live.state.value, threshold)
        Screen.RESULTS -> resultsContent(demo.results.state.value, threshold)
        Screen.GALLERY -> galleryContent(demo.gallery.state.value)
        Screen.SETTINGS -> settingsContent(settings, ready, models)
        Screen.BENCHMARK -> benchmarkContent(demo.benchmark.state.value)
        Screen.ABOUT -> aboutContent(ready, models)
    }
}

/** Whether the camera is wanted: on its screen, with a model, and while nothing is measured. */
fun wantsCamera(demo: Demo, screen: Screen): Boolean =
    screen == Screen.LIVE && demo.start.value is StartState.Ready && demo.picture.value == null &&
        demo.benchmark.state.value !is BenchmarkState.Running

/** Does what an action asks for; false where it needs the system, which [MainActivity] asks. */
fun perform(demo: Demo, action: Action): Boolean {
    when (action) {
        is Action.ShowPicture -> demo.show(action.id)

        is Action.Change -> demo.change(action.settings)

        is Action.Delete -> {
            demo.gallery.delete(action.path)
            demo.show(null)
        }

        is Action.Measure -> demo.measure(action.sustainedS)

        Action.AddFrame -> demo.addFrame()

        Action.StopIndexing -> demo.gallery.stop()

        Action.GoOnIndexing -> demo.gallery.goOn()

        Action.RestoreGallery -> demo.restoreGallery()

        Action.StopMeasuring -> demo.benchmark.stop()

        Action.RunSelfTest -> demo.runSelfTest()

        Action.Back -> demo.show(null)

        is Action.Open, Action.AskForCamera, Action.OpenSystemSettings, Action.PickPhoto, Action.AddPhotos,
        Action.ExportReport
        -> return false
    }
    return true
}
