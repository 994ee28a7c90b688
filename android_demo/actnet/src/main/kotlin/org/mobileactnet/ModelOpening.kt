/* Opens a model where it is wanted, or on the processor with a sentence on why. */
package org.mobileactnet

/**
 * A model that has passed its self-test.
 *
 * @property ran how it is run.
 * @property sentence why that is not what was wanted; null where it is.
 */
class OpenedModel(val owner: ModelOwner, val selfTest: SelfTest, val ran: ModelChoice, val sentence: String?)

/**
 * Opens a model and tests it. One that the GPU does not open, or computes otherwise than was exported, runs on
 * the processor. A driver that ended the process is not tried again with this
 * model before [allowGpu].
 *
 * @throws ActnetException where the processor cannot run it either.
 */
fun openModel(platform: Platform, files: InstalledFiles, wanted: ModelChoice): OpenedModel {
    val onCpu = wanted.copy(accelerator = Accelerator.CPU)
    val store = platform.settings
    if (wanted.accelerator == Accelerator.CPU) return tested(platform, files, onCpu, null)
    val trying = TRYING_GPU + files.name
    if (store.read(trying) == YES) return tested(platform, files, onCpu, "$ENDED$ON_CPU")
    store.write(trying, YES)
    try {
        return tested(platform, files, wanted, "$NO_GPU$ON_CPU")
    } catch (error: ModelException) {
        return tested(platform, files, onCpu, "The GPU cannot be used: ${error.message}$ON_CPU")
    } finally {
        store.write(trying, NO)
    }
}

/** Lets a GPU be tried that ended the process with a model of this [name]; the user has chosen it again. */
fun allowGpu(store: SettingsStore, name: String) = store.write(TRYING_GPU + name, NO)

/** [sentence] says why, where the model ends up on the processor. */
private fun tested(platform: Platform, files: InstalledFiles, wanted: ModelChoice, sentence: String?): OpenedModel {
    val owner = ModelOwner.open { platform.openModel(files.artefact, files.manifest, wanted) }
    try {
        val accelerator = owner.use(DescriptorModel::accelerator)
        val asWanted = accelerator == Accelerator.GPU
        val test = owner.use { passedSelfTest(files.manifest, it) }
        return OpenedModel(owner, test, wanted.copy(accelerator = accelerator), sentence.takeUnless { asWanted })
    } catch (error: Throwable) {
        owner.close()
        throw error
    }
}

/** Begins the key; the model's name ends it. */
private const val TRYING_GPU = "trying_gpu "
private const val YES = "yes"
private const val NO = "no"
private const val NO_GPU =
    "The GPU of this phone cannot run all of this model, or this build of the app cannot use the GPU"
private const val ENDED = "The app ended while the model was opened on the GPU; " +
    "to try again, choose the processor, then the graphics processor"
private const val ON_CPU = ". The model runs on the processor."
