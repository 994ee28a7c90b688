package org.mobileactnet

import java.io.Closeable

/**
 * Names what photos and frames of a camera show, by the pictures of a gallery. All stays on the phone.
 *
 * Every call waits for the model's own thread: make it from a thread of yours, never the main one.
 *
 * @param files of the model.
 * @property galleries the app's own and that of this phone's photos; closed with this.
 * @property model how it is run; closed with this.
 * @param features of the phone; needed where the gallery has local features; closed with this.
 * @param clockNs monotonic nanoseconds, by which stages are timed.
 */
class Recogniser(
    private val files: InstalledFiles,
    val galleries: OpenGalleries,
    val model: OpenedModel,
    private val features: FeatureEngine?,
    private val clockNs: () -> Long
) : Closeable {
    /** Of the model; its manifest may have an older one. */
    val name: String get() = files.name

    /** For pages, thumbnails and what the catalogue says. */
    val gallery: GalleryPair get() = galleries.pair
    val manifest: Manifest get() = files.manifest
    val thresholds: AnswerThresholds get() = files.thresholds

    private val owner get() = model.owner

    @Volatile
    private var matcher = Matcher(gallery, gallery.load())
    private val steadiness = Steadiness()
    private val tracker = AnswerTracker()

    /**
     * What an upright photo may show, the best first; the first is to be told where it is [Answer.sure].
     *
     * @param top how many, 1 at least.
     * @param falseAnswers share of photos of unknown things that may be answered.
     */
    fun recognise(photo: RgbPicture, top: Int = 10, falseAnswers: Double = FALSE_ANSWERS): List<Answer> {
        val threshold = thresholds.at(falseAnswers)
        return recognition(top) { photo }.matches.map { match ->
            val item = gallery.item(match.picture.id)
            Answer(match.picture, item, match.similarity, match.answers(threshold), match.proof?.outline)
        }
    }

    /**
     * Takes in the camera's next frame and says what is to be shown then: calm, whatever single frames say. A frame
     * that comes while another is in work should be dropped, not queued.
     *
     * @param frame upright by gravity ([PhoneTurn]).
     * @param atMs on a clock that never goes back.
     */
    fun look(frame: RgbPicture, atMs: Double, falseAnswers: Double = FALSE_ANSWERS): Sighting =
        sighting(recognition(AnswerTracker.ASKED, isFrame = true) { frame }, atMs, falseAnswers)

    /** The camera starts: its next frame has none before it. */
    fun cameraStarts() {
        steadiness.reset()
        synchronized(tracker) { tracker.reset() }
    }

    /**
     * Finds a picture's matches, with the time of each stage.
     *
     * @param isFrame whether it is one of the camera's frames, which is verified only where the camera stands still.
     * @param decode makes the upright picture.
     */
    fun recognition(top: Int, isFrame: Boolean = false, decode: () -> RgbPicture): Recognition =
        withModel { matching, _ -> matching.recognise(top, if (isFrame) steadiness else null, decode) }

    /** What is to be shown after a frame whose matches are known; see [look]. */
    fun sighting(frame: Recognition, atMs: Double, falseAnswers: Double = FALSE_ANSWERS): Sighting {
        // A frame of a moving camera says nothing; what was seen last stays for a while.
        val answer = if (frame.whole) {
            answer(frame.matches, falseAnswers, atMs)
        } else {
            FrameAnswer(atMs, null, verified = false)
        }
        return synchronized(tracker) { tracker.take(answer) }
    }

    /** What the matches of a frame or photo say. */
    fun answer(matches: List<Match>, falseAnswers: Double = FALSE_ANSWERS, atMs: Double = 0.0): FrameAnswer =
        answerOf(gallery, matches, thresholds, falseAnswers, atMs)

    /** What a gallery stores of an upright picture, but for its thumbnail, a JPEG. */
    fun described(picture: RgbPicture, thumbnail: ByteArray?): Described {
        val size = manifest.preprocessing
        val pixels = resize(picture, size.heightPx, size.widthPx)
        return owner.use { model ->
            val local = features?.extract(picture, Extraction.GALLERY)
            Described(picture.widthPx, picture.heightPx, model.describe(pixels), thumbnail, local)
        }
    }

    /** Searches what is in the galleries now. */
    fun reload() {
        matcher = Matcher(gallery, gallery.load())
    }

    /** Tests the model again; throws [ModelException] where it fails. */
    fun test(): SelfTest = owner.use { passedSelfTest(manifest, it) }

    /**
     * Measures the phone.
     *
     * @param decode decodes a photo that is the same every time.
     * @param goOn asked before each run; false ends it without a result.
     * @param progress told the share that is done, 0 to 1.
     */
    fun measure(
        plan: Benchmark.Plan,
        decode: () -> RgbPicture,
        goOn: () -> Boolean,
        progress: (Double) -> Unit
    ): BenchmarkResult? = withModel { matching, model ->
        Benchmark(matching, model, manifest.preprocessing, decode, clockNs).run(plan, goOn, progress)
    }

    private fun <T> withModel(work: (PhotoMatching, DescriptorModel) -> T): T = owner.use { model ->
        work(PhotoMatching(manifest.preprocessing, model, matcher, features, clockNs), model)
    }

    override fun close() {
        owner.close()
        features?.close()
        galleries.close()
    }

    companion object {
        private const val FALSE_ANSWERS = 0.05

        /**
         * Opens a model with its galleries, and tests it; what was opened is closed again where something is refused.
         *
         * @param model one of those that `make android-assets` was given; null for the first.
         * @param choice where it is wanted; a GPU that does not run it gives way to the processor, and [OpenedModel.sentence] says why.
         * @throws ActnetException with a sentence on what is wrong, and what to do.
         */
        fun open(
            platform: Platform,
            model: String? = null,
            choice: ModelChoice = ModelChoice(2, Accelerator.CPU)
        ): Recogniser {
            val chosen = chosenModel(ModelCatalogue(platform.assets).models(), model).model
            if (chosen is CarriedModel.Refused) throw ManifestException(chosen.sentence)
            val files = Installer(platform.assets, platform.folder).install(chosen as CarriedModel.Usable)
            return open(platform, files, choice)
        }

        /** The same, of a model's files. */
        fun open(platform: Platform, files: InstalledFiles, choice: ModelChoice): Recogniser {
            val opened = mutableListOf<Closeable>()
            try {
                val galleries = OpenGalleries.open(files, platform::openDatabase).also { opened += it }
                val model = openModel(platform, files, choice)
                opened += model.owner
                val features = if (galleries.pair.hasLocalFeatures) platform.openFeatures() else null
                features?.let { opened += it }
                return Recogniser(files, galleries, model, features, platform::clockNs)
            } catch (error: Throwable) {
                opened.asReversed().forEach { it.close() }
                throw error
            }
        }
    }
}
