package org.mobileactnet

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream

const val GALLERY_FILE = "gallery.sqlite"

/** The hash of that file, as text; tells an app's own gallery from that of the app before. */
const val GALLERY_HASH_FILE = "gallery.sha256"

/** Files that came with the app; on the phone its assets. */
interface AssetSource {
    /** Opens one, such as `shop/gallery.sqlite`; throws [IOException] where it is not there. */
    fun open(name: String): InputStream
}

/**
 * What the app works with: files that native code and SQLite can open.
 *
 * @property name of the model.
 * @property gallery the app's own.
 * @property added that of this phone's photos; not there before the first start.
 */
data class InstalledFiles(
    val name: String,
    val artefact: File,
    val manifest: Manifest,
    val gallery: File,
    val added: File,
    val thresholds: AnswerThresholds
)

/**
 * Copies what came with the app to where it can be opened, each model with its gallery to a folder of its
 * own. Gallery and model are copied again whenever the app has another one, and the model where the file is not
 * what the manifest says. Nothing is written into the gallery: what someone adds lies in a file of its own.
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
        val gallery = installedGallery(model)
        return InstalledFiles(model.name, artefact, manifest, gallery, file(model, ADDED_FILE), model.thresholds)
    }

    /** Lets [install] put the gallery that came with a model back, and forgets that of the phone's photos. */
    fun forgetGalleries(model: CarriedModel) {
        for (name in listOf(GALLERY_HASH_FILE, "$ADDED_FILE-journal", ADDED_FILE)) file(model, name).delete()
    }

    /** A process that ends on the way leaves no mark, and so the next start copies again. */
    private fun installedGallery(model: CarriedModel): File {
        val gallery = file(model, GALLERY_FILE)
        val mark = file(model, GALLERY_HASH_FILE)
        val wanted = text("${model.name}/$GALLERY_HASH_FILE")
        if (gallery.isFile && mark.isFile && mark.readText().trim() == wanted) return gallery
        mark.delete()
        // SQLite would play the journal of the old file back into the new one.
        file(model, "$GALLERY_FILE-journal").delete()
        copy(model, gallery)
        if (gallery.inputStream().use(::sha256) != wanted) {
            throw ActnetException("${gallery.name} is not the file that the app was built with; $REMAKE")
        }
        copy(model, mark)
        return gallery
    }

    private fun text(name: String): String = opened(name).use { it.readBytes() }.toString(Charsets.UTF_8).trim()

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
            opened("${model.name}/${target.name}").use { from ->
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

    private fun opened(name: String): InputStream = try {
        assets.open(name)
    } catch (error: IOException) {
        throw ActnetException("The app was built without $name; $REMAKE", error)
    }
}
