package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** The whole way with a model that sees little and features that are told; the engine's own test does it for real. */
class PhotoMatchingTest {
    private val size = Preprocessing("pillow-bilinear", 1, 8, 8)

    /** Describes a picture of one value by that value's place; counts what it is asked. */
    private class FakeModel : DescriptorModel {
        var described = 0

        override fun describe(picture: RgbPicture): FloatArray {
            described++
            return FloatArray(16) { if (it == picture.bytes[0] % 16) 1f else 0f }
        }

        override fun close() = Unit
    }

    /** Finds [inliers] in the picture whose features have a certain first byte, and nothing in others. */
    private class FakeFeatures(private val knownByte: Byte, private val inliers: Int) : FeatureEngine {
        val extracted = mutableListOf<Extraction>()
        var open = 0

        override fun extract(picture: RgbPicture, extraction: Extraction): LocalFeatures {
            extracted += extraction
            return LocalFeatures(100, 50, ByteArray(LOCAL_FEATURE_BYTES))
        }

        override fun verifier(photo: LocalFeatures) = object : PhotoVerifier {
            init {
                open++
            }

            override fun verify(picture: LocalFeatures): Verification = if (picture.bytes[0] != knownByte) {
                Verification.NOT_FOUND
            } else {
                Verification(inliers, corners(10.0, 5.0, 90.0, 45.0))
            }

            override fun close() {
                open--
            }
        }

        override fun close() = Unit
    }

    /** Pictures 0 to 15, each described by its own value; all but the last have features that begin with their id. */
    private class FakeGallery : PictureSource {
        override val hasLocalFeatures = true
        override val verifiedFrom = 3.5

        override fun load() = DescriptorTable(
            LongArray(16) { it.toLong() },
            StoredDescriptors(
                Storage.INT8,
                16,
                ByteArray(16 * 16) { place -> valueOf(place / 16, place % 16).toByte() },
                DoubleArray(16) { 1.0 / 127 }
            )
        )

        /** Picture 7 is a little like 2. */
        private fun valueOf(row: Int, column: Int) = if (row == column) {
            100
        } else if (row == 7 && column == 2) {
            97
        } else {
            5
        }

        override fun picture(id: Long) = Picture(id, "$id.jpg", null, 100, 100)

        override fun thumbnail(id: Long) = null

        override fun pagePicture(id: Long) = null

        override fun item(pictureId: Long) = null

        override fun localFeatures(id: Long) =
            if (id == 15L) null else LocalFeatures(9, 9, ByteArray(LOCAL_FEATURE_BYTES) { _ -> id.toByte() })
    }

    private var clock = 0L

    private fun recogniser(model: DescriptorModel, features: FeatureEngine?): PhotoMatching {
        val gallery = FakeGallery()
        val matcher = Matcher(gallery, gallery.load())
        return PhotoMatching(size, model, matcher, features) { clock.also { clock += 1_000_000 } }
    }

    private fun photo(value: Int) = RgbPicture(20, 10, ByteArray(600) { value.toByte() })

    @Test
    fun theViewsAreDescribedAndTheThingIsVerified() {
        val model = FakeModel()
        val features = FakeFeatures(knownByte = 7, inliers = 8)
        val recognition = recogniser(model, features).recognise(3) { photo(2) }
        assertEquals(6, model.described)
        assertEquals(listOf(Extraction.PHOTO), features.extracted)
        assertEquals(0, features.open)
        // Picture 2 is the most similar one; 7 has what is in the photo.
        val best = recognition.matches.first()
        assertEquals(7, best.picture.id)
        val similarity = 97 / 127.0
        assertEquals(Proof(8, 8 * similarity, true, corners(0.1, 0.1, 0.9, 0.9)), best.proof)
        assertEquals(2, recognition.matches[1].picture.id)
        assertEquals(Proof.NONE, recognition.matches[1].proof)
        assertTrue(recognition.whole)
        // Each stage that is timed takes a millisecond, three times.
        assertEquals(listOf(3.0, 3.0), listOf(recognition.times.inferenceMs, recognition.times.verificationMs))
    }

    @Test
    fun aCertainAnswerEndsTheSearch() {
        val model = FakeModel()
        val recognition = recogniser(model, FakeFeatures(7, inliers = 10)).recognise(3) { photo(2) }
        assertEquals(2, model.described)
        assertEquals(7, recognition.matches.first().picture.id)
        assertTrue(recognition.matches.first().proof?.verified ?: false)
    }

    @Test
    fun aProofDecidesWhereThereIsOne() {
        val strict = AnswerThreshold(Measure.SIMILARITY, 2.0, 0.01, 0.5)
        val loose = AnswerThreshold(Measure.SIMILARITY, -2.0, 0.01, 0.5)
        val few = recogniser(FakeModel(), FakeFeatures(7, inliers = 4)).recognise(16) { photo(2) }.matches
        // 4 inliers at a similarity of 97 / 127.
        assertFalse(few.first { it.picture.id == 7L }.answers(loose))
        val many = recogniser(FakeModel(), FakeFeatures(7, inliers = 8)).recognise(3) { photo(2) }.matches
        assertEquals(7, many.first().picture.id)
        assertTrue(many.first().answers(strict))
    }

    @Test
    fun aPictureWithoutFeaturesIsJudgedByTheWholePhoto() {
        val match = recogniser(FakeModel(), FakeFeatures(7, 0)).recognise(2) { photo(15) }.matches.first()
        assertEquals(15, match.picture.id)
        assertNull(match.proof)
        assertEquals(100 / 127.0, match.similarity, 1e-6)
        assertTrue(match.answers(AnswerThreshold(Measure.SIMILARITY, 0.7, 0.01, 0.5)))
        assertFalse(match.answers(AnswerThreshold(Measure.SIMILARITY, 0.9, 0.01, 0.5)))
        assertTrue(match.answers(AnswerThreshold(Measure.DISTINCTNESS, 2.0, 0.01, 0.5)))
    }

    @Test
    fun withoutFeaturesTheWholePhotoAloneIsDescribed() {
        val model = FakeModel()
        val recognition = recogniser(model, null).recognise(2) { photo(3) }
        assertEquals(1, model.described)
        assertEquals(3, recognition.matches.first().picture.id)
        assertNull(recognition.matches.first().proof)
        assertEquals(0.0, recognition.times.verificationMs)
    }

    @Test
    fun aFrameIsVerifiedOnceTheCameraStandsStill() {
        val model = FakeModel()
        val features = FakeFeatures(7, 30)
        val recogniser = recogniser(model, features)
        val steadiness = Steadiness()
        val wholes = listOf(2, 2, 2, 5, 5).map { recogniser.recognise(1, steadiness) { photo(it) }.whole }
        assertEquals(listOf(false, true, true, false, true), wholes)
        // Twice the answer is certain after two views; picture 5 is in the gallery, but not in the photo.
        assertEquals(2 + 2 * 2 + 6, model.described)
        assertEquals(3, features.extracted.size)
        steadiness.reset()
        val moving = recogniser.recognise(1, steadiness) { photo(15) }
        assertFalse(moving.whole)
        assertEquals(15, moving.matches.single().picture.id)
        assertFalse(moving.matches.single().answers(AnswerThreshold(Measure.SIMILARITY, 0.1, 0.01, 0.5)))
    }

    @Test
    fun extractionIsThatOfTheDefinition() {
        val pictures = jsonOf(File(golden, "extraction/index.json")).getJSONArray("pictures").objects()
        val expected = pictures.map { Extraction(it.getInt("side_px"), it.getInt("count")) }
        assertEquals(expected.toSet(), setOf(Extraction.PHOTO, Extraction.GALLERY))
    }
}

private fun corners(left: Double, top: Double, right: Double, bottom: Double) =
    listOf(Place(left, top), Place(right, top), Place(right, bottom), Place(left, bottom))
