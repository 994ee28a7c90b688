package org.mobileactnet

import java.io.File
import java.io.IOException

/** Names the models that the app was built with; the first is used until another is chosen. */
const val MODELS_FILE = "models.json"

internal const val REMAKE = "run make android-assets and build the app again"

/** A model that came with the app; [name] is that of its folder and, without ending, of its artefact. */
sealed class CarriedModel {
    abstract val name: String

    /** The artefact in that folder. Its manifest may have an older name, and binds it by its hash. */
    val artefactFile: String get() = artefactName(name)

    /** Manifest and thresholds can be read; artefact and gallery are looked at when it is opened. */
    class Usable(override val name: String, val manifest: Manifest, val thresholds: AnswerThresholds) :
        CarriedModel()

    /** @property sentence why it cannot be used. */
    class Refused(override val name: String, val sentence: String) : CarriedModel()
}

/**
 * What the app was built with; the models in the order of [MODELS_FILE]. One that is damaged does not hide
 * the others.
 */
class ModelCatalogue(private val assets: AssetSource) {
    /**
     * Reads all models' manifests and thresholds.
     *
     * @throws ManifestException where it is not known which models there are.
     */
    fun models(): List<CarriedModel> = names().map { name ->
        try {
            usable(name)
        } catch (error: ManifestException) {
            CarriedModel.Refused(name, error.message.orEmpty())
        }
    }

    private fun names(): List<String> {
        val fields = parseObject(assets.text(MODELS_FILE), MODELS_FILE, REMAKE)
        val schema = fields.wholeNumber("schema", 0..Long.MAX_VALUE)
        if (schema != SCHEMA) throw fields.wrong("schema", "$SCHEMA (got $schema)")
        val names = fields.texts("models")
        val folders = names.all { it.isNotEmpty() && it == File(it).name && it != "." && it != ".." }
        if (names.isEmpty() || !folders || names.toSet().size != names.size) {
            throw fields.wrong("models", "a list of different names of folders, with one at least")
        }
        return names
    }

    private fun usable(name: String): CarriedModel {
        val file = manifestName(artefactName(name))
        val manifest = readManifest(assets.text("$name/$file"), file)
        return CarriedModel.Usable(name, manifest, readThresholds(assets.text("$name/$THRESHOLDS_FILE"), manifest))
    }

    private companion object {
        const val SCHEMA = 1L
    }
}

/**
 * Which of the app's models is used.
 *
 * @property sentence why it is not the one that was chosen; null where it is.
 */
class ChosenModel(val model: CarriedModel, val sentence: String?)

/**
 * Finds the model that was chosen, or the first where none was, or where it is not there any more.
 *
 * @param models one at least.
 * @param name that was chosen; null for none.
 */
fun chosenModel(models: List<CarriedModel>, name: String?): ChosenModel {
    val first = models.first()
    if (name == null) return ChosenModel(first, null)
    val namesake = models.find { it.name == name }
        ?: return ChosenModel(first, "The model $name is not in this build of the app any more; ${first.name} is used.")
    return ChosenModel(namesake, null)
}

private fun artefactName(model: String) = "$model.tflite"

/** A text that came with the app. */
private fun AssetSource.text(name: String): String = try {
    open(name).use { it.readBytes() }.toString(Charsets.UTF_8)
} catch (error: IOException) {
    throw ManifestException("The app was built without $name; $REMAKE", error)
}
