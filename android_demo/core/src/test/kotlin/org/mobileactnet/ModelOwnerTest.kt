package org.mobileactnet

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue

class ModelOwnerTest {
    /** A model that remembers its threads. */
    private class ThreadModel(private val descriptor: FloatArray = floatArrayOf(1f)) : DescriptorModel {
        val threads = mutableListOf(Thread.currentThread().name)
        override fun describe(picture: RgbPicture) = descriptor.also { threads += Thread.currentThread().name }
        override fun close() {
            threads += Thread.currentThread().name
        }
    }

    private val pixel = RgbPicture(1, 1, ByteArray(3))

    @Test
    fun openedUsedAndClosedOnOneThread() {
        lateinit var model: ThreadModel
        val owner = ModelOwner.open { ThreadModel().also { model = it } }
        owner.use { it.describe(pixel) }
        owner.close()
        owner.close()
        assertEquals(List(3) { "model" }, model.threads)
        assertFailsWith<ModelException> { owner.use { it.describe(pixel) } }
    }

    @Test
    fun whatFailsIsThrownAsItIs() {
        val error = assertFailsWith<ModelException> { ModelOwner.open { throw ModelException("no") } }
        assertEquals("no", error.message)
        ModelOwner.open { ThreadModel() }.use { owner ->
            assertFailsWith<PictureException> { owner.use { throw PictureException("no") } }
            assertEquals(1, owner.use { 1 }) // A failure does not end the thread.
        }
    }

    @Test
    fun theSelfTestComparesWithTheGoldenDescriptor() {
        val manifest = readManifest(exportedManifest, "m")
        val golden = manifest.goldenDescriptor
        assertTrue(selfTest(manifest, ThreadModel(golden)).passed)
        val other = FloatArray(golden.size) { if (it == 0) -golden[0] * 2 else golden[it] }
        assertFalse(selfTest(manifest, ThreadModel(other)).passed)
        assertFalse(selfTest(manifest, ThreadModel(FloatArray(golden.size))).passed)
        assertEquals(0.6, cosine(floatArrayOf(1f, 0f), floatArrayOf(3f, 4f)), 1e-12)
    }
}
