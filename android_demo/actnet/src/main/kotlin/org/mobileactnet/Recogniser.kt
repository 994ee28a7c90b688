package org.mobileactnet

import java.io.Closeable
import org.mobileactnet.core.Accelerator
import org.mobileactnet.core.AnswerTracker
import org.mobileactnet.core.CarriedModel
import org.mobileactnet.core.DescriptorModel
import org.mobileactnet.core.FeatureEngine
import org.mobileactnet.core.FrameAnswer
import org.mobileactnet.core.Gallery
import org.mobileactnet.core.InstalledFiles
import org.mobileactnet.core.Installer
import org.mobileactnet.core.ManifestException
import org.mobileactnet.core.Matcher
import org.mobileactnet.core.ModelCatalogue
import org.mobileactnet.core.ModelChoice
import org.mobileactnet.core.ModelOwner
import org.mobileactnet.core.Recognition
import org.mobileactnet.core.RgbPicture
import org.mobileactnet.core.Sighting
import org.mobileactnet.core.Steadiness
import org.mobileactnet.core.checkGalleryFile
import org.mobileactnet.core.checkModel
import org.mobileactnet.core.chosenModel
import org.mobileactnet.core.passedSelfTest

/**
 * Names what photos and frames of a camera show, by the pictures of a gallery. All stays on the phone.
 *
 * Every call waits for the model's own thread: make it from a thread of yours, never the main one.
 *
 * @property gallery for pages and thumbnails.
 */
class Recogniser private constructor(
    private val files: InstalledFiles,
    val gallery: Gallery,
    private val owner: ModelOwner,
    private val features: FeatureEngine?,
    private val clockNs: () -> Long
) : Closeable {
    private val matcher = Matcher(gallery, gallery.load())
    private val steadiness = Steadiness()
    private val tracker = AnswerTracker()

    /**
     * What an upright photo may show, the best first; the first is to be told where it is [Answer.sure].
     *
     * @param top how many, 1 at least.
     * @param falseAnswers share of photos of unknown things that may be answered.
     */
    fun recognise(photo: RgbPicture, top: Int = 10, falseAnswers: Double = FALSE_ANSWERS): List<Answer> {
        val threshold = files.thresholds.at(falseAnswers)
        return found(photo, top, steadiness = null).matches.map { match ->
            val item = gallery.item(match.picture.id)
            Answer(match.picture, item, match.similarity, match.answers(threshold), match.proof?.outline)
        }
    }

    /**
     * Takes in the camera's next frame and says what is to be shown then: calm, whatever single frames say. A frame
     * that comes while another is in work should be dropped, not queued.
     *
     * @param frame upright by gravity ([org.mobileactnet.core.PhoneTurn]).
     * @param atMs on a clock that never goes back.
     */
    fun look(frame: RgbPicture, atMs: Double, falseAnswers: Double = FALSE_ANSWERS): Sighting {
        val found = found(frame, AnswerTracker.ASKED, steadiness)
        // A frame of a moving camera says nothing; what was seen last stays for a while.
        val answer = if (found.whole) {
            answerOf(gallery, found.matches, files.thresholds, falseAnswers, atMs)
        } else {
            FrameAnswer(atMs, null, verified = false)
        }
        return synchronized(tracker) { tracker.take(answer) }
    }

    /** The camera starts: its next frame has none before it. */
    fun cameraStarts() {
        owner.use { steadiness.reset() }
        synchronized(tracker) { tracker.reset() }
    }

    private fun found(photo: RgbPicture, top: Int, steadiness: Steadiness?): Recognition = owner.use { model ->
        org.mobileactnet.core.Recogniser(files.manifest.preprocessing, model, matcher, features, clockNs)
            .recognise(top, steadiness) { photo }
    }

    override fun close() {
        owner.close()
        features?.close()
        gallery.close()
    }

    companion object {
        private const val FALSE_ANSWERS = 0.05

        /**
         * Opens a model with its gallery, and tests it; what was opened is closed again where something is refused.
         *
         * @param model one of those that `make android-assets` was given; null for the first.
         * @throws org.mobileactnet.core.ActnetException with a sentence on what is wrong, and what to do.
         */
        fun open(
            platform: Platform,
            model: String? = null,
            choice: ModelChoice = ModelChoice(2, Accelerator.CPU)
        ): Recogniser {
            val chosen = chosenModel(ModelCatalogue(platform.assets).models(), model).model
            if (chosen is CarriedModel.Refused) throw ManifestException(chosen.sentence)
            val files = Installer(platform.assets, platform.folder).install(chosen as CarriedModel.Usable)
            checkGalleryFile(files.gallery)
            val opened = mutableListOf<Closeable>()
            try {
                val gallery = Gallery(platform.openDatabase(files.gallery).also { opened += it }, files.gallery.name)
                checkModel(files.gallery.name, gallery.info, files.manifest, files.artefact.name)
                val owner = ModelOwner.open { platform.openModel(files.artefact, files.manifest, choice) }
                opened += owner
                owner.use { tested: DescriptorModel -> passedSelfTest(files.manifest, tested) }
                val features = if (gallery.hasLocalFeatures) platform.openFeatures().also { opened += it } else null
                return Recogniser(files, gallery, owner, features, platform::clockNs)
            } catch (error: Throwable) {
                opened.forEach { it.close() }
                throw error
            }
        }
    }
}
