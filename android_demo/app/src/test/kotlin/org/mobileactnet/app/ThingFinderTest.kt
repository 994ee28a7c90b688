package org.mobileactnet.app

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.mobileactnet.DescriptorModel
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture
import org.mobileactnet.sample.ThingFinder

/** The library as an app of one's own uses it: its sample, with what the fake app was built with. */
class ThingFinderTest {
    private fun picture(value: Int) = RgbPicture(2, 2, ByteArray(12) { value.toByte() })

    @Test
    fun namesAreThoseOfTheDemo(): Unit = onPhone {
        val demo = Demo(this).also { it.open() }
        ThingFinder(this).use { finder ->
            for (value in 0 until DIM) {
                demo.results.look { byteArrayOf(value.toByte()).inputStream() }
                val sight = (demo.results.state.value as ResultsState.Found).sight
                val names = finder.names(picture(value), "en")
                when (sight) {
                    is Sight.Answered -> assertEquals(listOf(sight.thing.title), names)
                    else -> assertTrue(names.size <= 3)
                }
            }
        }
    }

    @Test
    fun framesAreNamedCalmly(): Unit = onPhone {
        ThingFinder(this).use { finder ->
            val (known, name) = (0 until DIM).firstNotNullOf { value ->
                finder.names(picture(value), "en").singleOrNull()?.let { value to it }
            }
            assertEquals(name, finder.name(picture(known), 0.0))
            val other = (0 until DIM).first { finder.names(picture(it), "en").size > 1 }
            assertEquals(name, finder.name(picture(other), 400.0)) // It stays for a while.
            assertNull(finder.name(picture(other), 5000.0))
        }
    }

    @Test
    fun aModelThatFailsItsSelfTestIsClosed(): Unit = onPhone {
        var closed = 0
        model = {
            object : DescriptorModel by FakeModel() {
                override fun describe(picture: RgbPicture) = FloatArray(DIM) { if (it == 1) 1f else 0f }

                override fun close() {
                    closed++
                }
            }
        }
        assertFailsWith<ModelException> { ThingFinder(this) }
        assertEquals(1, closed)
    }
}
