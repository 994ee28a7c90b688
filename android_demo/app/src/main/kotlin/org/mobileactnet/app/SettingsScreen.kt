/* The settings: from state to content. */
package org.mobileactnet.app

import org.mobileactnet.Accelerator
import org.mobileactnet.CarriedModel

private const val BYTES_PER_MB = 1e6

/** The settings. They can be reached without a model, too: another choice may be what it needs. */
fun settingsContent(settings: Settings, start: StartState, models: ModelsState, words: Words): ScreenContent {
    val developer = choice(
        words("developer"),
        listOf(false, true),
        settings.developer,
        words,
        { words(if (it) "on" else "off") }
    ) { settings.copy(developer = it) }
    // What may help a model that fails is to be seen without the switch.
    val shown = settings.developer || start is StartState.Refused
    return ScreenContent(
        words("screen_settings"),
        startBlocks(start, words) + modelBlocks(settings, models, words) +
            (if (shown) runBlocks(settings, words) else emptyList()) +
            (if (settings.developer) answerBlocks(settings, start, models, words) else emptyList()) +
            developer +
            (if (settings.developer) listOf(open(Screen.BENCHMARK, "settings_benchmark", words)) else emptyList()) +
            open(Screen.ABOUT, "settings_about", words)
    )
}

private fun open(screen: Screen, key: String, words: Words) = Block.Button(words(key), Action.Open(screen))

private fun startBlocks(start: StartState, words: Words): List<Block> = when (start) {
    is StartState.Opening -> listOf(Block.Paragraph(openingText(start, words)))
    is StartState.Refused -> problem("refused", start.sentence, words)
    is StartState.Ready -> start.sentence?.let { problem("accelerator_fell_back", it, words) }.orEmpty()
}

private fun runBlocks(settings: Settings, words: Words): List<Block> = listOf(
    choice(
        words("settings_accelerator"),
        Accelerator.entries,
        settings.accelerator,
        words,
        { words("accelerator_${it.word}") }
    ) { settings.copy(accelerator = it) }.copy(stacked = true),
    choice(words("settings_threads"), THREADS, settings.threads, words) { settings.copy(threads = it) }
)

private fun answerBlocks(settings: Settings, start: StartState, models: ModelsState, words: Words): List<Block> {
    val thresholds = (start as? StartState.Ready)?.thresholds
    return listOfNotNull(
        (start as? StartState.Ready)?.let { Block.Paragraph(runFigures(it, models)) },
        choice(words("settings_strict"), FALSE_ANSWERS, settings.falseAnswers, words, ::percent) {
            settings.copy(falseAnswers = it)
        }
    ) + listOfNotNull(thresholds?.let { Block.Paragraph(calibrationText(it, settings)) }) +
        choice(words("settings_top"), TOPS, settings.top, words) { settings.copy(top = it) }
}

/** Which model is used, where there are several, or where the one that was chosen has gone. */
private fun modelBlocks(settings: Settings, models: ModelsState, words: Words): List<Block> {
    val fallback = models.sentence?.let { problem("settings_model_gone", it, words) }.orEmpty()
    if (models.carried.size < 2 && models.sentence == null) return emptyList()
    val options = models.carried.filterIsInstance<CarriedModel.Usable>().map {
        val text = modelText(it, words)
        option(text, it.name == models.used, Action.Change(settings.copy(modelName = it.name)), words)
    }
    val refused = models.carried.filterIsInstance<CarriedModel.Refused>().filter { it.name != models.used }.flatMap {
        listOf(
            Block.Problem(words("settings_model_refused", it.name)),
            Block.Paragraph(words("details", it.sentence))
        )
    }
    return fallback + Block.Choice(words("settings_model"), options, stacked = true) + refused +
        Block.Paragraph(words("settings_model_text"))
}

private fun modelText(model: CarriedModel.Usable, words: Words): String {
    val manifest = model.manifest
    val size = manifest.preprocessing
    val megabytes = decimals(manifest.artefactSizeBytes / BYTES_PER_MB, 1)
    return words(
        "settings_model_facts",
        model.name,
        manifest.precision,
        megabytes,
        size.widthPx,
        size.heightPx,
        manifest.dim
    )
}

private fun option(text: String, chosen: Boolean, action: Action, words: Words) =
    Option(text, chosen, action, if (chosen) words("chosen", text) else text)

private fun <T> choice(
    title: String,
    values: List<T>,
    chosen: T,
    words: Words,
    text: (T) -> String = { it.toString() },
    change: (T) -> Settings
) = Block.Choice(title, values.map { option(text(it), it == chosen, Action.Change(change(it)), words) })
