package org.mobileactnet.app

import java.io.File
import javax.imageio.ImageIO
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import org.mobileactnet.ModelChoice
import org.mobileactnet.RgbPicture
import org.mobileactnet.engine.LiteRtModel
import org.mobileactnet.engine.NativeFeatures
import org.mobileactnet.golden
import org.mobileactnet.readCodes

/** What the APK carries (tools/assets.py), opened by the app with the real engine. */
class CarriedModelsTest {
    private val engine = requireNotNull(System.getProperty("engine"))
    private val carried = File(requireNotNull(System.getProperty("assets")))
    private val photo = File(golden, "preprocessing/sources/larger.png")

    private fun <T> onBuiltPhone(test: FakePhone.() -> T): T = onPhone {
        files.clear()
        carried.walk().filter(File::isFile).forEach { files[it.toRelativeString(carried)] = it.readBytes() }
        model = { manifest ->
            val artefact = File(folder, "models/${manifest.name}/${manifest.artefactFile}")
            LiteRtModel.open(artefact, manifest, ModelChoice(1, wanted.accelerator)) { System.load(engine) }
        }
        features = { NativeFeatures(readCodes(assets)) }
        decoder = ::pictureOf
        test()
    }

    private fun pictureOf(file: File): RgbPicture {
        val image = ImageIO.read(file)
        val pixels = image.getRGB(0, 0, image.width, image.height, null, 0, image.width)
        val bytes = ByteArray(3 * pixels.size) { (pixels[it / 3] shr (16 - 8 * (it % 3))).toByte() }
        return RgbPicture(image.width, image.height, bytes)
    }

    /** The best match of the photo. */
    private fun found(demo: Demo): String {
        demo.results.look(photo::inputStream)
        val best = assertIs<ResultsState.Found>(demo.results.state.value).figures.matches.first()
        assertTrue(best.similarity > 0.99, "${best.similarity}")
        return best.picture.path
    }

    @Test
    fun everyModelFindsItsGallerysPicturesAndWhatWasAdded(): Unit = onBuiltPhone {
        Demo(this).use { demo ->
            demo.open()
            val models = demo.models.value.carried.map { it.name }
            assertTrue(models.size > 1)
            for (name in models) {
                demo.change(demo.settings.value.copy(modelName = name))
                val ready = assertIs<StartState.Ready>(demo.start.value)
                assertEquals(name, ready.manifest.name)
                assertTrue(ready.selfTest.passed)
                assertEquals("larger.png", found(demo).substringAfterLast('/'))
            }
            demo.gallery.add(listOf(File(golden, "preprocessing/sources/odd.png")::inputStream))
            for (name in models) {
                demo.change(demo.settings.value.copy(modelName = name))
                val state = assertIs<GalleryState.Open>(demo.gallery.state.value)
                assertEquals(1, state.things.count { it.path.startsWith("added/") })
                assertEquals(0, state.waiting)
                println("told: ${ready(demo)}")
            }
        }
    }

    private fun ready(demo: Demo): String = assertIs<StartState.Ready>(demo.start.value).let {
        "${it.manifest.name}: self-test ${it.selfTest.cosine}"
    }
}
