package org.mobileactnet.core

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream

const val GALLERY_FILE = "gallery.sqlite"

/** Files that came with the app; on the phone its assets. */
interface AssetSource {
    /** Opens one, such as `shop/gallery.sqlite`; throws [IOException] where it is not there. */
    fun open(name: String): InputStream
}

/**
 * What the app works with: files that native code and SQLite can open.
 *
 * @property name of the model.
 */
data class InstalledFiles(
    val name: String,
    val artefact: File,
    val manifest: Manifest,
    val gallery: File,
    val thresholds: AnswerThresholds
)

/**
 * Copies what came with the app to where it can be opened, each model with its gallery to a folder of its
 * own. The gallery is copied once and then belongs to the user; the model is copied again whenever the file
 * is not what the manifest says.
 *
 * @param folder of the app, never backed up.
 */
class Installer(private val assets: AssetSource, private val folder: File) {
    private val models = File(folder, "models")

    /**
     * Makes a model's files ready.
     *
     * @throws ActnetException where something is missing, damaged, or the storage is full.
     */
    fun install(model: CarriedModel.Usable): InstalledFiles {
        val manifest = model.manifest
        val artefact = file(model, model.artefactFile)
        if (!isInstalled(artefact, manifest)) copy(model, artefact)
        checkArtefact(manifest, artefact)
        val gallery = file(model, GALLERY_FILE)
        if (!gallery.isFile) copy(model, gallery)
        return InstalledFiles(model.name, artefact, manifest, gallery, model.thresholds)
    }

    /** Puts the gallery that came with a model back, without what was added on the phone. */
    fun restoreGallery(model: CarriedModel) {
        // SQLite would play the journal of the old file back into the new one.
        file(model, "$GALLERY_FILE-journal").delete()
        copy(model, file(model, GALLERY_FILE))
    }

    /** Frees what models took that the app does not have any more; added photos lie elsewhere. */
    fun removeOthers(carried: List<CarriedModel>) {
        val names = carried.map(CarriedModel::name)
        models.listFiles().orEmpty().filterNot { it.name in names }.forEach { it.deleteRecursively() }
    }

    private fun file(model: CarriedModel, name: String) = File(File(models, model.name), name)

    private fun isInstalled(artefact: File, manifest: Manifest): Boolean =
        artefact.isFile && artefact.inputStream().use(::sha256) == manifest.artefactSha256

    private fun copy(model: CarriedModel, target: File) {
        val part = File(target.path + ".part")
        try {
            target.parentFile?.mkdirs()
            val name = "${model.name}/${target.name}"
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
            if (!part.renameTo(target)) throw IOException("it cannot be renamed")
        } catch (error: IOException) {
            part.delete()
            throw ActnetException(
                "${target.name} cannot be unpacked: ${error.message}; free some space and start again",
                error
            )
        }
    }
}
