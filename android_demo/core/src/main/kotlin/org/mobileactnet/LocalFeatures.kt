/* Local features and verification (docs/verification.md): what the core knows of them. */
package org.mobileactnet

import java.io.Closeable
import java.io.IOException

/** Bytes of a feature in a gallery's blob: two coordinates of 16 bits, size, angle, code. */
const val LOCAL_FEATURE_BYTES = 22

/** The kind of local features that this app compares, as the table `setting` names it. */
const val LOCAL_FEATURES_KIND = "sift-128-bits 1"

/**
 * The local features of a picture.
 *
 * @property widthPx of the reduced picture that they were taken from; likewise [heightPx].
 * @property bytes all x, all y, all sizes, all angles, all codes; [LOCAL_FEATURE_BYTES] each.
 */
class LocalFeatures(val widthPx: Int, val heightPx: Int, val bytes: ByteArray) {
    init {
        require(widthPx in SIDES && heightPx in SIDES) { "$widthPx x $heightPx pixels; a side is $SIDES" }
        require(bytes.size % LOCAL_FEATURE_BYTES == 0) {
            "${bytes.size} bytes; $LOCAL_FEATURE_BYTES a feature are needed"
        }
    }

    val count: Int get() = bytes.size / LOCAL_FEATURE_BYTES

    companion object {
        private val SIDES = 1..4095
    }
}

/**
 * How local features are taken from a picture (docs/verification.md).
 *
 * @property sidePx longest side that it is reduced to, 64 to 4095; a smaller one stays as it is.
 * @property count features kept, those of the largest contrast.
 */
data class Extraction(val sidePx: Int, val count: Int) {
    init {
        require(sidePx in 64..4095 && count in 1..65535) { "$this; a side is 64 to 4095, a count 1 to 65535" }
    }

    companion object {
        /** Of pictures of a gallery. */
        val GALLERY = Extraction(240, 360)

        /** Of photos that are searched with. */
        val PHOTO = Extraction(400, 1000)
    }
}

/** Takes local features from pictures, and compares them; one thread at a time. */
interface FeatureEngine : Closeable {
    /**
     * Takes local features from a picture.
     *
     * @param picture upright.
     * @throws ModelException where the engine fails.
     */
    fun extract(picture: RgbPicture, extraction: Extraction): LocalFeatures

    /** Prepares a photo's features for comparisons; throws [ModelException] where the engine refuses them. */
    fun verifier(photo: LocalFeatures): PhotoVerifier
}

/** The learned projection that makes codes of SIFT's gradients, among the app's files. */
const val CODES_FILE = "local_codes.safetensors"

/** Reads [CODES_FILE]; throws [ModelException] where the app was built without it. */
fun readCodes(assets: AssetSource): ByteArray = try {
    assets.open(CODES_FILE).use { it.readBytes() }
} catch (error: IOException) {
    throw ModelException("The app has no $CODES_FILE (${error.message}); make its assets again", error)
}

/** A place in a photo, in pixels from its top left corner. */
data class Place(val x: Double, val y: Double)

/**
 * How well a gallery picture fits into a photo.
 *
 * @property inliers places that fit one model; 0 where there is none.
 * @property outline the gallery picture's four corners in the reduced photo, from its top left clockwise as
 *   the picture is seen; null where there is no model.
 */
data class Verification(val inliers: Int, val outline: List<Place>?) {
    companion object {
        /** Nothing of the picture is in the photo, or nothing is known of it. */
        val NOT_FOUND = Verification(0, null)
    }
}

/** Compares gallery pictures with one photo. */
interface PhotoVerifier : Closeable {
    /** @throws ModelException where the engine fails. */
    fun verify(picture: LocalFeatures): Verification
}
