package org.mobileactnet.core

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream

const val GALLERY_FILE = "gallery.sqlite"

/** Files that came with the app; on the phone its assets. */
interface AssetSource {
    fun names(): List<String>

    /** Opens one; throws [IOException] where it is not there. */
    fun open(name: String): InputStream
}

/** What the app works with: files that native code and SQLite can open. */
data class InstalledFiles(
    val artefact: File,
    val manifest: Manifest,
    val gallery: File,
    val thresholds: AnswerThresholds
)

/**
 * Copies what came with the app to where it can be opened. The gallery is copied once and then
 * belongs to the user; the model is copied again whenever the file is not what the manifest says.
 *
 * @param folder of the app, never backed up.
 */
class Installer(private val assets: AssetSource, private val folder: File) {
    /**
     * Makes the files ready.
     *
     * @throws ActnetException where something is missing, damaged, or the storage is full.
     */
    fun install(): InstalledFiles {
        val manifest = readManifest(text(manifestName(artefactName())), manifestName(artefactName()))
        if (manifest.artefactFile != artefactName()) {
            throw ManifestException(
                "The manifest describes ${manifest.artefactFile}, the app has ${artefactName()}; $REMAKE"
            )
        }
        val thresholds = readThresholds(text(THRESHOLDS_FILE), manifest)
        val artefact = File(folder, manifest.artefactFile)
        if (!isInstalled(artefact, manifest)) copy(artefact.name, artefact)
        checkArtefact(manifest, artefact)
        val gallery = File(folder, GALLERY_FILE)
        if (!gallery.isFile) copy(GALLERY_FILE, gallery)
        return InstalledFiles(artefact, manifest, gallery, thresholds)
    }

    /**
     * Puts the gallery that came with the app back, without what was added on the phone; for
     * [PhotoInbox.waitAgain] to bring that back.
     */
    fun restoreGallery() {
        // SQLite would play the journal of the old file back into the new one.
        File(folder, "$GALLERY_FILE-journal").delete()
        copy(GALLERY_FILE, File(folder, GALLERY_FILE))
    }

    private fun artefactName(): String {
        val models = assets.names().filter { it.endsWith(".tflite") }
        return models.singleOrNull() ?: throw ManifestException(
            "The app was built with ${models.size} models, it needs one; $REMAKE"
        )
    }

    private fun isInstalled(artefact: File, manifest: Manifest): Boolean =
        artefact.isFile && artefact.inputStream().use(::sha256) == manifest.artefactSha256

    private fun text(name: String): String = try {
        assets.open(name).use { it.readBytes() }.toString(Charsets.UTF_8)
    } catch (error: IOException) {
        throw ManifestException("The app was built without $name; $REMAKE", error)
    }

    private fun copy(name: String, target: File) {
        val part = File(folder, "$name.part")
        try {
            folder.mkdirs()
            val asset = try {
                assets.open(name)
            } catch (error: IOException) {
                throw ActnetException("The app was built without $name; $REMAKE", error)
            }
            asset.use { from ->
                FileOutputStream(part).use { to ->
                    from.copyTo(to)
                    to.fd.sync()
                }
            }
            if (!part.renameTo(target)) throw IOException("$name cannot be renamed")
        } catch (error: IOException) {
            part.delete()
            throw ActnetException(
                "$name cannot be unpacked: ${error.message}; free some space and start again",
                error
            )
        }
    }

    private companion object {
        const val REMAKE = "run make android-assets and build the app again"
    }
}
