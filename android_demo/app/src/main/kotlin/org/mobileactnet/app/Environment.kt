package org.mobileactnet.app

import java.io.File
import java.util.concurrent.Executor
import org.mobileactnet.core.AssetSource
import org.mobileactnet.core.Database
import org.mobileactnet.core.DescriptorModel
import org.mobileactnet.core.FeatureEngine
import org.mobileactnet.core.Heat
import org.mobileactnet.core.Manifest
import org.mobileactnet.core.ModelChoice
import org.mobileactnet.core.Phone
import org.mobileactnet.core.RgbPicture

/** All that the demo asks of the phone it runs on; tests have one of their own. */
interface Environment {
    /** Files that came with the app. */
    val assets: AssetSource

    /** The app's own folder, which is never backed up. */
    val folder: File
    val settings: SettingsStore
    val phone: Phone

    fun openDatabase(file: File): Database

    fun openModel(artefact: File, manifest: Manifest, choice: ModelChoice): DescriptorModel

    /** Takes and compares local features; after a model has been opened. */
    fun openFeatures(): FeatureEngine

    /** Decodes a photo, upright; throws PictureException, and OutOfMemoryError for a large one. */
    fun decode(photo: File): RgbPicture

    /** A JPEG whose longest side is at most [sidePx]. */
    fun jpeg(picture: RgbPicture, sidePx: Int): ByteArray

    fun heat(): Heat

    /** Monotonic nanoseconds. */
    fun clockNs(): Long

    /** The language that texts of the catalogue are wanted in, such as `de`. */
    fun language(): String

    /** The present time, UTC, ISO 8601. */
    fun now(): String

    /** A thread for work of one kind, one piece after the other. */
    fun worker(name: String): Executor
}
