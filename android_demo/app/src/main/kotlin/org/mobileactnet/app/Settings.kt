package org.mobileactnet.app

import org.mobileactnet.Accelerator
import org.mobileactnet.ModelChoice
import org.mobileactnet.SettingsStore

/** Shares of false answers that can be chosen; [DEFAULT_FALSE_ANSWERS] where none is. */
val FALSE_ANSWERS = listOf(0.01, 0.05, 0.1, 0.2)
const val DEFAULT_FALSE_ANSWERS = 0.05

val THREADS = listOf(1, 2, 4)

val TOPS = listOf(5, 10, 20)

/**
 * What can be chosen.
 *
 * @property falseAnswers share of photos of things that are not in the gallery that may be answered.
 * @property threads of the model on the processor.
 * @property top matches that are shown.
 * @property accelerator that the model is to run on.
 * @property developer whether figures are shown.
 * @property welcomed whether someone has read what the app does, and started.
 * @property modelName of the model that was chosen; null for none, which is the app's first.
 */
data class Settings(
    val falseAnswers: Double = DEFAULT_FALSE_ANSWERS,
    val threads: Int = 2,
    val top: Int = 10,
    val accelerator: Accelerator = Accelerator.CPU,
    val modelName: String? = null,
    val developer: Boolean = false,
    val welcomed: Boolean = false
) {
    val run: ModelChoice get() = ModelChoice(threads, accelerator)
}

/** Reads settings; what is missing or not to be chosen any more gets its default. */
fun readSettings(store: SettingsStore): Settings {
    val defaults = Settings()
    return Settings(
        store.read(FALSE_ANSWER_SHARE)?.toDoubleOrNull()?.takeIf { it in FALSE_ANSWERS } ?: defaults.falseAnswers,
        store.read(THREAD_COUNT)?.toIntOrNull()?.takeIf { it in THREADS } ?: defaults.threads,
        store.read(TOP)?.toIntOrNull()?.takeIf { it in TOPS } ?: defaults.top,
        Accelerator.entries.find { it.word == store.read(ACCELERATOR) } ?: defaults.accelerator,
        store.read(MODEL_NAME),
        store.read(DEVELOPER) == "true",
        store.read(WELCOMED) == "true"
    )
}

fun writeSettings(store: SettingsStore, settings: Settings) {
    store.write(FALSE_ANSWER_SHARE, settings.falseAnswers.toString())
    store.write(THREAD_COUNT, settings.threads.toString())
    store.write(TOP, settings.top.toString())
    store.write(ACCELERATOR, settings.accelerator.word)
    store.write(DEVELOPER, settings.developer.toString())
    store.write(WELCOMED, settings.welcomed.toString())
    settings.modelName?.let { store.write(MODEL_NAME, it) }
}

private const val FALSE_ANSWER_SHARE = "false_answers"
private const val THREAD_COUNT = "threads"
private const val TOP = "top"
private const val ACCELERATOR = "accelerator"
private const val MODEL_NAME = "model"
private const val DEVELOPER = "developer"
private const val WELCOMED = "welcomed"
