package org.mobileactnet.app

import java.io.Closeable
import java.io.File
import org.mobileactnet.core.DescriptorModel
import org.mobileactnet.core.Gallery
import org.mobileactnet.core.GalleryWriter
import org.mobileactnet.core.InstalledFiles
import org.mobileactnet.core.Matcher
import org.mobileactnet.core.ModelOwner
import org.mobileactnet.core.PhotoInbox
import org.mobileactnet.core.Recogniser
import org.mobileactnet.core.Recognition
import org.mobileactnet.core.RgbPicture
import org.mobileactnet.core.SelfTest
import org.mobileactnet.core.checkGalleryFile
import org.mobileactnet.core.checkModel
import org.mobileactnet.core.resize
import org.mobileactnet.core.selfTest

/** An open model with an open gallery that fits it. */
class Session private constructor(
    private val environment: Environment,
    private val files: InstalledFiles,
    val gallery: Gallery,
    val writer: GalleryWriter,
    private val owner: ModelOwner,
) : Closeable {
    val manifest get() = files.manifest
    val inbox = PhotoInbox(File(environment.folder, "waiting"), File(environment.folder, "photos"))

    @Volatile
    private var matcher = Matcher(gallery, gallery.load())

    /** Finds a picture's matches, on the model's thread. */
    fun recognise(top: Int, decode: () -> RgbPicture): Recognition = withRecogniser { recogniser, _ ->
        recogniser.recognise(top, decode)
    }

    /** Does something with model and recogniser, on the model's thread. */
    fun <T> withRecogniser(work: (Recogniser, DescriptorModel) -> T): T = owner.use { model ->
        work(Recogniser(manifest.preprocessing, model, matcher, environment::clockNs), model)
    }

    /** The descriptor of a picture. */
    fun describe(picture: RgbPicture): FloatArray {
        val size = manifest.preprocessing
        val pixels = resize(picture, size.heightPx, size.widthPx)
        return owner.use { it.describe(pixels) }
    }

    fun test(): SelfTest = owner.use { selfTest(manifest, it) }

    /** Searches what is in the gallery now. */
    fun reload() {
        matcher = Matcher(gallery, gallery.load())
    }

    override fun close() {
        owner.close()
        gallery.close()
    }

    companion object {
        /**
         * Opens everything; what was opened is closed again where something is refused.
         *
         * @throws org.mobileactnet.core.ActnetException with a sentence for the screen.
         */
        fun open(environment: Environment, files: InstalledFiles, threads: Int): Session {
            val name = files.gallery.name
            checkGalleryFile(files.gallery)
            val database = environment.openDatabase(files.gallery)
            val opened = mutableListOf<Closeable>(database)
            try {
                val gallery = Gallery(database, name)
                checkModel(name, gallery.info, files.manifest)
                val owner = ModelOwner.open { environment.openModel(files.artefact, files.manifest, threads) }
                opened += owner
                return Session(environment, files, gallery, GalleryWriter(database, name), owner)
            } catch (error: Throwable) {
                opened.forEach { it.close() }
                throw error
            }
        }
    }
}
