package org.mobileactnet

import java.io.Closeable
import java.util.Locale
import kotlin.math.sqrt

/** What can run a model; [word] is kept in settings and reports. */
enum class Accelerator(val word: String) { CPU("cpu"), GPU("gpu") }

/** How a model is to be run; [threads] are the processor's. */
data class ModelChoice(val threads: Int, val accelerator: Accelerator)

/**
 * A model that describes pictures. Not thread-safe: [ModelOwner] is its one owner.
 *
 * Every call throws [ModelException] where the model fails.
 */
interface DescriptorModel : Closeable {
    /** Where it runs; not always where it was wanted. */
    val accelerator: Accelerator get() = Accelerator.CPU

    /**
     * Describes a picture of the model's size.
     *
     * @return (D) of length 1.
     */
    fun describe(picture: RgbPicture): FloatArray
}

/** What the self-test found, and the [least] cosine that the manifest asks for. */
data class SelfTest(val cosine: Double, val least: Double) {
    val passed: Boolean get() = cosine >= least
}

/** Describes the manifest's golden picture and compares the descriptor with the golden one. */
fun selfTest(manifest: Manifest, model: DescriptorModel): SelfTest {
    val descriptor = model.describe(goldenPicture(manifest.preprocessing))
    return SelfTest(cosine(descriptor, manifest.goldenDescriptor), manifest.goldenCosineMin)
}

/** The same; throws [ModelException] where the model computes something else than was exported. */
fun passedSelfTest(manifest: Manifest, model: DescriptorModel): SelfTest {
    val result = selfTest(manifest, model)
    if (result.passed) return result
    throw ModelException(
        "Self-test failed: cosine ${String.format(Locale.ROOT, "%.6f", result.cosine)} with the manifest's golden " +
            "descriptor, at least ${result.least} is needed. The model computes something else on this phone, so " +
            "nothing is described with it; $REMAKE"
    )
}

/** The cosine of two vectors of one length; not a number where one of them has no length. */
fun cosine(one: FloatArray, other: FloatArray): Double {
    require(one.size == other.size) { "${one.size} and ${other.size} values" }
    var product = 0.0
    var oneSquare = 0.0
    var otherSquare = 0.0
    for (place in one.indices) {
        product += one[place].toDouble() * other[place]
        oneSquare += one[place].toDouble() * one[place]
        otherSquare += other[place].toDouble() * other[place]
    }
    return product / sqrt(oneSquare * otherSquare)
}
