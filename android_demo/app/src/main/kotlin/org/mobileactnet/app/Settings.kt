package org.mobileactnet.app

/** Least similarity of a match when none is chosen; the README has what it was chosen by. */
const val DEFAULT_THRESHOLD = 0.55

/** The similarities that can be chosen. */
val THRESHOLDS = listOf(0.35, 0.45, 0.55, 0.65)

val THREADS = listOf(1, 2, 4)

val TOPS = listOf(5, 10, 20)

/**
 * What can be chosen.
 *
 * @property threshold least similarity of a match; below it the screen says that nothing is similar.
 * @property threads of the model.
 * @property top matches that are shown.
 */
data class Settings(val threshold: Double = DEFAULT_THRESHOLD, val threads: Int = 2, val top: Int = 10)

/** Where settings are kept between starts: on the phone its preferences. */
interface SettingsStore {
    fun read(key: String): String?

    fun write(key: String, value: String)
}

/** Reads settings; what is missing or not to be chosen any more gets its default. */
fun readSettings(store: SettingsStore): Settings {
    val defaults = Settings()
    return Settings(
        store.read(THRESHOLD)?.toDoubleOrNull()?.takeIf { it in THRESHOLDS } ?: defaults.threshold,
        store.read(THREAD_COUNT)?.toIntOrNull()?.takeIf { it in THREADS } ?: defaults.threads,
        store.read(TOP)?.toIntOrNull()?.takeIf { it in TOPS } ?: defaults.top,
    )
}

fun writeSettings(store: SettingsStore, settings: Settings) {
    store.write(THRESHOLD, settings.threshold.toString())
    store.write(THREAD_COUNT, settings.threads.toString())
    store.write(TOP, settings.top.toString())
}

private const val THRESHOLD = "threshold"
private const val THREAD_COUNT = "threads"
private const val TOP = "top"
