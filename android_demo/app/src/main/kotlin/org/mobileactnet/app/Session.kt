package org.mobileactnet.app

import java.io.Closeable
import org.mobileactnet.answerOf
import org.mobileactnet.core.Database
import org.mobileactnet.core.DescriptorModel
import org.mobileactnet.core.Extraction
import org.mobileactnet.core.FeatureEngine
import org.mobileactnet.core.FrameAnswer
import org.mobileactnet.core.Gallery
import org.mobileactnet.core.GalleryPair
import org.mobileactnet.core.GalleryWriter
import org.mobileactnet.core.InstalledFiles
import org.mobileactnet.core.LocalFeatures
import org.mobileactnet.core.Match
import org.mobileactnet.core.Matcher
import org.mobileactnet.core.ModelChoice
import org.mobileactnet.core.Recogniser
import org.mobileactnet.core.Recognition
import org.mobileactnet.core.RgbPicture
import org.mobileactnet.core.SelfTest
import org.mobileactnet.core.Steadiness
import org.mobileactnet.core.checkGalleryFile
import org.mobileactnet.core.checkModel
import org.mobileactnet.core.createAdded
import org.mobileactnet.core.fitTogether
import org.mobileactnet.core.passedSelfTest
import org.mobileactnet.core.resize

/**
 * An open model that has passed its self-test, with an open gallery that fits it.
 *
 * @property model and how it is run.
 */
class Session private constructor(
    private val environment: Environment,
    private val files: InstalledFiles,
    val gallery: GalleryPair,
    val writer: GalleryWriter,
    val model: OpenedModel,
    private val features: FeatureEngine?
) : Closeable {
    /** Of the model; its manifest may have an older one. */
    val name get() = files.name
    val manifest get() = files.manifest
    val thresholds get() = files.thresholds
    private val owner get() = model.owner

    @Volatile
    private var matcher = Matcher(gallery, gallery.load())

    /** Finds a picture's matches, on the model's thread; a frame's only where the camera stands still. */
    fun recognise(top: Int, steadiness: Steadiness? = null, decode: () -> RgbPicture): Recognition =
        withRecogniser { recogniser, _ -> recogniser.recognise(top, steadiness, decode) }

    /** Does something with model and recogniser, on the model's thread. */
    fun <T> withRecogniser(work: (Recogniser, DescriptorModel) -> T): T = owner.use { model ->
        work(Recogniser(manifest.preprocessing, model, matcher, features, environment::clockNs), model)
    }

    /** What the matches of a frame or photo say. */
    fun answer(matches: List<Match>, falseAnswers: Double, atMs: Double): FrameAnswer =
        answerOf(gallery, matches, thresholds, falseAnswers, atMs)

    /** A picture with what the catalogue says of it; null where it has gone. */
    fun thing(id: Long): Thing? = gallery.picture(id)?.let { thingOf(gallery, it, environment.language()) }

    /** The descriptor of a picture. */
    fun describe(picture: RgbPicture): FloatArray {
        val size = manifest.preprocessing
        val pixels = resize(picture, size.heightPx, size.widthPx)
        return owner.use { it.describe(pixels) }
    }

    /** The local features that a gallery's picture gets; null where the gallery has none. */
    fun localFeatures(picture: RgbPicture): LocalFeatures? =
        features?.let { engine -> owner.use { engine.extract(picture, Extraction.GALLERY) } }

    /** Tests the model again; throws ModelException where it fails. */
    fun test(): SelfTest = owner.use { passedSelfTest(manifest, it) }

    /** Searches what is in the gallery now. */
    fun reload() {
        matcher = Matcher(gallery, gallery.load())
    }

    override fun close() {
        owner.close()
        features?.close()
        gallery.close()
    }

    companion object {
        /**
         * Opens everything; what was opened is closed again where something is refused.
         *
         * @throws org.mobileactnet.core.ActnetException with a sentence for the screen.
         */
        fun open(environment: Environment, files: InstalledFiles, wanted: ModelChoice): Session {
            val name = files.gallery.name
            checkGalleryFile(files.gallery)
            val database = environment.openDatabase(files.gallery)
            val opened = mutableListOf<Closeable>(database)
            try {
                val shipped = Gallery(database, name)
                checkModel(name, shipped.info, files.manifest, files.artefact.name)
                val ofPhone = addedDatabase(environment, files, shipped, database).also { opened += it }
                val added = Gallery(ofPhone, files.added.name)
                val model = openModel(environment, files, wanted)
                opened += model.owner
                val features = if (shipped.hasLocalFeatures) environment.openFeatures().also { opened += it } else null
                val writer = GalleryWriter(ofPhone, files.added.name)
                return Session(environment, files, GalleryPair(shipped, added), writer, model, features)
            } catch (error: Throwable) {
                opened.forEach { it.close() }
                throw error
            }
        }

        /** Opens the gallery of this phone's photos; one of another model begins anew, and they are described again. */
        private fun addedDatabase(
            environment: Environment,
            files: InstalledFiles,
            shipped: Gallery,
            database: Database
        ): Database {
            if (files.added.exists()) {
                checkGalleryFile(files.added)
                val present = environment.openDatabase(files.added)
                try {
                    if (fitTogether(shipped, Gallery(present, files.added.name))) return present
                } catch (error: Throwable) {
                    present.close()
                    throw error
                }
                present.close()
            }
            createAdded(files.added, database, environment::openDatabase)
            return environment.openDatabase(files.added)
        }
    }
}
