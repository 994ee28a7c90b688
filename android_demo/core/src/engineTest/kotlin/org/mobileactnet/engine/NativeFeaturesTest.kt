package org.mobileactnet.engine

import java.io.File
import kotlin.math.abs
import kotlin.math.hypot
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.json.JSONObject
import org.mobileactnet.Extraction
import org.mobileactnet.LocalFeatures
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture
import org.mobileactnet.golden
import org.mobileactnet.jsonOf
import org.mobileactnet.lists
import org.mobileactnet.objects

/** Local features by the C engine through JNI, held to those that OpenCV finds. */
class NativeFeaturesTest {
    private val folder = File(golden, "extraction")
    private val index = jsonOf(File(folder, "index.json"))
    private val pictures = index.getJSONArray("pictures").objects()
    private val codes = File(golden, "../../mobile_actnet/weights/local_codes.safetensors").readBytes()

    private companion object {
        const val CHANNELS = 3
    }

    init {
        System.load(requireNotNull(System.getProperty("engine")))
    }

    /** Rectangles, later ones above. */
    private fun drawn(entry: JSONObject): RgbPicture {
        val (width, height) = entry.getJSONArray("size").let { it.getInt(0) to it.getInt(1) }
        val bytes = ByteArray(CHANNELS * width * height) { index.getInt("background").toByte() }
        for (box in entry.getJSONArray("rectangles").lists()) {
            val (left, top) = box.getInt(0) to box.getInt(1)
            for (y in top until minOf(height, top + box.getInt(3))) {
                for (x in left until minOf(width, left + box.getInt(2))) {
                    for (channel in 0 until CHANNELS) {
                        bytes[CHANNELS * (y * width + x) + channel] = box.getInt(4 + channel).toByte()
                    }
                }
            }
        }
        return RgbPicture(width, height, bytes)
    }

    private fun expected(entry: JSONObject): LocalFeatures {
        val size = entry.getJSONArray("reduced_size")
        return LocalFeatures(size.getInt(0), size.getInt(1), File(folder, entry.getString("file")).readBytes())
    }

    private class Feature(val x: Int, val y: Int, val size: Int, val angle: Int, val code: List<Byte>)

    private fun features(stored: LocalFeatures): List<Feature> = List(stored.count) { k ->
        val count = stored.count
        fun byte(place: Int) = stored.bytes[place].toInt() and 255
        fun wide(place: Int) = byte(place) + 256 * byte(place + 1)
        val code = 6 * count + 16 * k
        Feature(
            wide(2 * k),
            wide(2 * (count + k)),
            byte(4 * count + k),
            byte(5 * count + k),
            stored.bytes.slice(code until code + 16)
        )
    }

    /** Differing bits of the most alike feature at the same place; null where there is none. */
    private fun nearestBits(one: Feature, all: List<Feature>): Int? {
        val near = index.getJSONObject("near")
        return all.filter {
            hypot((it.x - one.x).toDouble(), (it.y - one.y).toDouble()) <= near.getInt("position") &&
                abs(it.size - one.size) <= near.getInt("size") &&
                abs((it.angle - one.angle + 128 and 255) - 128) <= near.getInt("angle")
        }.minOfOrNull { other ->
            one.code.indices.sumOf { Integer.bitCount((one.code[it].toInt() xor other.code[it].toInt()) and 255) }
        }
    }

    @Test
    fun featuresAreThoseOfOpenCv() = NativeFeatures(codes).use { engine ->
        for (entry in pictures) {
            val extraction = Extraction(entry.getInt("side_px"), entry.getInt("count"))
            val found = engine.extract(drawn(entry), extraction)
            val wanted = expected(entry)
            assertEquals(wanted.widthPx to wanted.heightPx, found.widthPx to found.heightPx)
            val all = features(found)
            val bits = features(wanted).mapNotNull { nearestBits(it, all) }
            println("told: ${bits.size} of ${wanted.count} features of ${entry.getString("name")} as OpenCV's")
            assertTrue(bits.size >= index.getDouble("least_share") * wanted.count, "${bits.size} of ${wanted.count}")
            assertTrue(bits.sorted()[bits.size / 2] <= index.getInt("most_median_bits"))
        }
    }

    @Test
    fun aPictureIsVerifiedInItself() = NativeFeatures(codes).use { engine ->
        val picture = drawn(pictures[1])
        val gallery = engine.extract(picture, Extraction.GALLERY)
        engine.verifier(engine.extract(picture, Extraction.PHOTO)).use { verifier ->
            val found = verifier.verify(gallery)
            assertTrue(found.inliers > 40, "${found.inliers}")
            assertEquals(4, found.outline?.size)
        }
    }

    @Test
    fun aPlainPictureHasNone() = NativeFeatures(codes).use { engine ->
        assertEquals(0, engine.extract(RgbPicture(40, 30, ByteArray(3600)), Extraction.PHOTO).count)
    }

    @Test
    fun whatIsWrongIsASentence() {
        val noCodes = assertFailsWith<ModelException> { NativeFeatures(ByteArray(9)) }
        assertContains(noCodes.message.orEmpty(), "these 9 bytes are no codes; give local_codes.safetensors")
        val engine = NativeFeatures(codes)
        engine.close()
        engine.close()
        val closed = assertFailsWith<ModelException> { engine.extract(drawn(pictures[1]), Extraction.PHOTO) }
        assertContains(closed.message.orEmpty(), "are closed; start the app again")
        val short = assertFailsWith<EngineException> {
            NativeExtraction.extract(0, 2, 2, ByteArray(11), 400, 10, IntArray(2))
        }
        assertEquals("the picture has 11 bytes; 2 x 2 pixels have 12", short.message)
        val none = assertFailsWith<EngineException> {
            NativeExtraction.extract(0, 2, 2, ByteArray(12), 400, 10, IntArray(2))
        }
        assertEquals("NULL is not allowed", none.message)
    }
}
