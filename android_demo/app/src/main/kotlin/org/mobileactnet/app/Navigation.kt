/* Which content is on the screen, and what touching it does; without any view. */
package org.mobileactnet.app

/** What is to be seen of a screen now. */
fun contentOf(demo: Demo, screen: Screen, words: Words): ScreenContent {
    val start = demo.start.value
    val settings = demo.settings.value
    val models = demo.models.value
    if (screen == Screen.SETTINGS && start is StartState.Refused) return settingsContent(settings, start, models, words)
    startContent(start, several = models.carried.size > 1, words)?.let { return it }
    demo.picture.value?.let { return pictureContent(it, settings, words) }
    val ready = start as StartState.Ready
    return when (screen) {
        Screen.LIVE -> if (settings.welcomed) {
            liveContent(demo.live.state.value, settings, demo.live.torch.value, words)
        } else {
            welcomeContent(words)
        }

        Screen.RESULTS -> resultsContent(demo.results.state.value, settings, words)

        Screen.HISTORY -> historyContent(demo.history.value, words)

        Screen.GALLERY -> galleryContent(demo.gallery.state.value, settings, words)

        Screen.SETTINGS -> settingsContent(settings, ready, models, words)

        Screen.BENCHMARK -> benchmarkContent(demo.benchmark.state.value, words)

        Screen.ABOUT -> aboutContent(ready, models, words)
    }
}

/** Whether the camera is wanted: on its screen, with a model, and while nothing is measured. */
fun wantsCamera(demo: Demo, screen: Screen): Boolean =
    screen == Screen.LIVE && demo.settings.value.welcomed && demo.start.value is StartState.Ready &&
        demo.picture.value == null && demo.benchmark.state.value !is BenchmarkState.Running

/** Where Back leads from a screen; null where it leaves the app. */
fun backFrom(demo: Demo, screen: Screen): Screen? = when {
    demo.picture.value != null -> screen
    screen == Screen.LIVE -> null
    screen.barScreen != screen -> screen.barScreen
    else -> Screen.LIVE
}

/** Does what an action asks for; false where it needs the system, which [MainActivity] asks. */
fun perform(demo: Demo, action: Action): Boolean {
    when (action) {
        is Action.ShowPicture -> demo.show(action.id)
        is Action.Pick -> demo.pick(action.id)
        is Action.Change -> demo.change(action.settings)
        is Action.Delete -> demo.delete(action.path)
        is Action.Rename -> demo.rename(action.path)
        is Action.Measure -> demo.measure(action.sustainedS)
        is Action.Freeze -> demo.live.freeze(action.on)
        is Action.Torch -> demo.live.torch(action.on)
        Action.Start -> demo.change(demo.settings.value.copy(welcomed = true))
        Action.NoneOfThese -> demo.noneOfThese()
        Action.AddFrame -> demo.addFrame()
        Action.UndoAdding -> demo.gallery.undo()
        Action.ShowMore -> demo.gallery.more()
        Action.ClearHistory -> demo.clearHistory()
        Action.StopIndexing -> demo.gallery.stop()
        Action.GoOnIndexing -> demo.gallery.goOn()
        Action.RestoreGallery -> demo.restoreGallery()
        Action.StopMeasuring -> demo.benchmark.stop()
        Action.RunSelfTest -> demo.runSelfTest()
        Action.Back -> demo.show(null)
        else -> return false
    }
    return true
}

/** Takes in what someone writes. */
fun write(demo: Demo, input: Input, text: String) = when (input) {
    Input.SEARCH -> demo.gallery.search(text)
    Input.NAME -> demo.write(text)
}
