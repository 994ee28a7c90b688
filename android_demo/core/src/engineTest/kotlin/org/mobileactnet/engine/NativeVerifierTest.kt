package org.mobileactnet.engine

import java.io.File
import kotlin.math.abs
import kotlin.math.max
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject
import org.mobileactnet.Gallery
import org.mobileactnet.JdbcDatabase
import org.mobileactnet.LocalFeatures
import org.mobileactnet.ModelException
import org.mobileactnet.Verification
import org.mobileactnet.VerifiedSearch
import org.mobileactnet.checkGalleryFile
import org.mobileactnet.floats
import org.mobileactnet.golden
import org.mobileactnet.jsonOf
import org.mobileactnet.lists
import org.mobileactnet.objects

/** The C engine's verification through JNI, held to the golden pairs and answers. */
class NativeVerifierTest {
    private val folder = File(golden, "verification")
    private val index = jsonOf(File(folder, "index.json"))

    init {
        System.load(requireNotNull(System.getProperty("engine")))
    }

    private fun features(stored: JSONObject, from: File = folder): LocalFeatures {
        val size = stored.getJSONArray("size")
        return LocalFeatures(size.getInt(0), size.getInt(1), File(from, stored.getString("file")).readBytes())
    }

    /** The largest difference of a coordinate; 0 where neither has an outline. */
    private fun difference(expected: JSONArray?, found: Verification): Double {
        assertEquals(expected == null, found.outline == null)
        val corners = expected?.lists() ?: return 0.0
        assertEquals(corners.size, found.outline.orEmpty().size)
        return corners.zip(found.outline.orEmpty()).maxOf { (corner, place) ->
            max(abs(corner.getDouble(0) - place.x), abs(corner.getDouble(1) - place.y))
        }
    }

    @Test
    fun goldenPairsAreFound() {
        val pairs = index.getJSONArray("pairs").objects()
        assertTrue(pairs.size >= 10)
        var worst = 0.0
        for (pair in pairs) {
            NativeVerifier(features(pair.getJSONObject("photo"))).use { verifier ->
                val found = verifier.verify(features(pair.getJSONObject("picture")))
                assertEquals(pair.getInt("inliers"), found.inliers, pair.getString("name"))
                worst = max(worst, difference(pair.optJSONArray("outline"), found))
            }
        }
        println("told: inliers equal in ${pairs.size} golden pairs, outlines within $worst pixels")
        assertTrue(worst <= index.getDouble("tolerance_px"), "$worst")
    }

    @Test
    fun goldenAnswersAreGiven() {
        val answers = File(golden, "answers")
        val expected = jsonOf(File(answers, "index.json"))
        val file = File(answers, expected.getString("gallery"))
        checkGalleryFile(file)
        Gallery(JdbcDatabase(file), file.name).use { gallery ->
            val search = VerifiedSearch(gallery, gallery.load())
            for (answer in expected.getJSONArray("answers").objects()) {
                val views = answer.getJSONArray("views").lists().map { it.floats() }
                val wanted = answer.getJSONArray("hits").objects()
                NativeVerifier(features(answer.getJSONObject("photo"), answers)).use { photo ->
                    val hits = search.find(views, photo, wanted.size)
                    assertEquals(wanted.map { it.getLong("id") }, hits.map { it.id })
                    for ((hit, told) in hits.zip(wanted)) {
                        assertEquals(told.getBoolean("verified"), hit.verified(gallery.verifiedFrom))
                        assertEquals(told.optInt("inliers", -1), hit.verification?.inliers ?: -1)
                        val found = hit.verification ?: Verification.NOT_FOUND
                        assertTrue(difference(told.optJSONArray("outline"), found) <= 0.5)
                    }
                }
            }
        }
    }

    @Test
    fun aClosedVerifierIsRefused() {
        val pair = index.getJSONArray("pairs").getJSONObject(0)
        val verifier = NativeVerifier(features(pair.getJSONObject("photo")))
        verifier.close()
        verifier.close()
        val error = assertFailsWith<ModelException> { verifier.verify(features(pair.getJSONObject("picture"))) }
        assertContains(error.message.orEmpty(), "are closed")
    }

    @Test
    fun whatTheEngineRefusesIsASentence() {
        val error = assertFailsWith<EngineException> { NativeVerification.open(0, 1, ByteArray(0)) }
        assertEquals(5, error.code)
        assertEquals("the picture has 0 x 1 pixels; a side is 1 to 4095", error.message)
        val verifier = NativeVerification.open(1, 1, ByteArray(0))
        val other = assertFailsWith<EngineException> { NativeVerification.verify(verifier, 1, 1, ByteArray(21)) }
        assertEquals("the features have 21 bytes; 22 each are needed", other.message)
        NativeVerification.close(verifier)
        val many = LocalFeatures(1, 1, ByteArray(22 * 65536))
        val refused = assertFailsWith<ModelException> { NativeVerifier(many) }
        assertContains(refused.message.orEmpty(), "The photo cannot be compared: there are 65536 features")
    }
}
