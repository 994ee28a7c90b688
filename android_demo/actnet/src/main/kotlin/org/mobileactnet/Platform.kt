package org.mobileactnet

import java.io.File

/** What recognising asks of the phone it runs on; tests have one of their own. */
interface Platform {
    /** Files that came with the app. */
    val assets: AssetSource

    /** The app's own folder, which is never backed up. */
    val folder: File

    fun openDatabase(file: File): Database

    fun openModel(artefact: File, manifest: Manifest, choice: ModelChoice): DescriptorModel

    /** Takes and compares local features; after a model has been opened. */
    fun openFeatures(): FeatureEngine

    /** What is kept between starts. */
    val settings: SettingsStore

    /** Monotonic nanoseconds. */
    fun clockNs(): Long
}

/** Where settings are kept between starts: on the phone its preferences. */
interface SettingsStore {
    fun read(key: String): String?

    /** Comes back when the storage has it: what is done next may end the process. */
    fun write(key: String, value: String)
}
