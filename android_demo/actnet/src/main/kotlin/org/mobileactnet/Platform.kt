package org.mobileactnet

import java.io.File
import org.mobileactnet.core.AssetSource
import org.mobileactnet.core.Database
import org.mobileactnet.core.DescriptorModel
import org.mobileactnet.core.FeatureEngine
import org.mobileactnet.core.Manifest
import org.mobileactnet.core.ModelChoice

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

    /** Monotonic nanoseconds. */
    fun clockNs(): Long
}
