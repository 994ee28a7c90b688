package org.mobileactnet.app

import java.io.ByteArrayOutputStream
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNull
import org.json.JSONObject
import org.mobileactnet.Accelerator
import org.mobileactnet.Benchmark
import org.mobileactnet.DescriptorModel
import org.mobileactnet.ModelChoice
import org.mobileactnet.ModelException
import org.mobileactnet.RgbPicture

class ModelOpeningTest {
    /** A model whose GPU computes something else than was exported. */
    private class WrongOnGpu(override val accelerator: Accelerator) : DescriptorModel {
        var closed = false

        override fun describe(picture: RgbPicture): FloatArray {
            val right = FakeModel().describe(picture)
            return if (accelerator == Accelerator.CPU) right else right.reversedArray()
        }

        override fun close() {
            closed = true
        }
    }

    private fun FakePhone.chosen(accelerator: Accelerator): Demo {
        writeSettings(settings, Settings(accelerator = accelerator, developer = true))
        return Demo(this).also { it.open() }
    }

    private fun ready(demo: Demo) = assertIs<StartState.Ready>(demo.start.value)

    private fun report(demo: Demo): JSONObject {
        demo.benchmark.measure(Benchmark.Plan(warmUpRuns = 0, runs = 2))
        val written = ByteArrayOutputStream()
        demo.benchmark.export { written }
        return JSONObject(written.toString())
    }

    private fun runtime(report: JSONObject) = report.getJSONArray("measurements").getJSONObject(0).getString("runtime")

    private fun accelerator(report: JSONObject) =
        report.getJSONObject("machine").getJSONObject("facts").getString("accelerator")

    @Test
    fun theProcessorIsUsedWithoutASentence(): Unit = onPhone {
        val demo = Demo(this).also { it.open() }
        assertEquals(ModelChoice(2, Accelerator.CPU), wanted)
        assertNull(ready(demo).sentence)
        demo.close()
    }

    @Test
    fun theChoiceIsKeptAndTheGpuUsed(): Unit = onPhone {
        model = { FakeModel(wanted.accelerator) }
        Demo(this).use {
            it.open()
            perform(it, Action.Change(Settings(accelerator = Accelerator.GPU, developer = true)))
        }
        val demo = Demo(this).also { it.open() }
        assertEquals(Accelerator.GPU, demo.settings.value.accelerator)
        assertEquals(Accelerator.GPU, ready(demo).ran.accelerator)
        assertNull(ready(demo).sentence)
        assertContains(textOfSettings(demo), "it runs on the GPU (LiteRT).")
        val report = report(demo)
        assertEquals("litert gpu", runtime(report))
        assertEquals("gpu", accelerator(report))
        demo.close()
    }

    @Test
    fun withoutAGpuTheProcessorRunsItAndTheScreenSaysSo(): Unit = onPhone {
        val demo = chosen(Accelerator.GPU)
        assertEquals(Accelerator.GPU, wanted.accelerator)
        assertEquals(Accelerator.CPU, ready(demo).ran.accelerator)
        val text = textOfSettings(demo)
        assertContains(
            text,
            "The GPU of this phone cannot run all of this model, or this build of the app cannot use the GPU. " +
                "The model runs on the processor."
        )
        assertContains(text, "it runs on the processor (LiteRT, XNNPACK).")
        val report = report(demo)
        assertEquals("litert", runtime(report))
        assertEquals("cpu", accelerator(report))
        perform(demo, Action.RunSelfTest)
        assertContains(textOfSettings(demo), "The model runs on the processor.")
        demo.close()
    }

    @Test
    fun aGpuThatComputesSomethingElseIsNotUsed(): Unit = onPhone {
        val models = mutableListOf<WrongOnGpu>()
        model = { WrongOnGpu(wanted.accelerator).also(models::add) }
        val demo = chosen(Accelerator.GPU)
        assertEquals(Accelerator.CPU, ready(demo).ran.accelerator)
        assertContains(ready(demo).sentence.orEmpty(), "The GPU cannot be used: Self-test failed")
        assertEquals(listOf(true, false), models.map { it.closed })
        demo.close()
    }

    @Test
    fun aModelThatNothingRunsIsRefused(): Unit = onPhone {
        model = { throw ModelException("The model cannot be used: status 3") }
        val refused = assertIs<StartState.Refused>(chosen(Accelerator.GPU).start.value)
        assertEquals("The model cannot be used: status 3", refused.sentence)
        assertEquals(Accelerator.CPU, wanted.accelerator)
    }

    @Test
    fun aGpuThatEndedTheAppIsTriedWhenItIsChosenAgain(): Unit = onPhone {
        var settingsBefore = emptyMap<String, String>()
        model = {
            settingsBefore = stored.toMap() // As a process that ends here leaves it.
            FakeModel(wanted.accelerator)
        }
        chosen(Accelerator.GPU).close()
        stored += settingsBefore
        val demo = Demo(this).also { it.open() }
        assertEquals(Accelerator.CPU, wanted.accelerator)
        assertContains(ready(demo).sentence.orEmpty(), "The app ended while the model was opened on the GPU")
        perform(demo, Action.Change(Settings(accelerator = Accelerator.CPU)))
        assertNull(ready(demo).sentence)
        perform(demo, Action.Change(Settings(accelerator = Accelerator.GPU)))
        assertEquals(Accelerator.GPU, ready(demo).ran.accelerator)
        demo.close()
    }

    @Test
    fun anAcceleratorThatIsUnknownIsTheProcessor(): Unit = onPhone {
        stored["accelerator"] = "npu"
        assertEquals(Accelerator.CPU, readSettings(settings).accelerator)
    }

    private fun textOfSettings(demo: Demo) = contentOf(demo, Screen.SETTINGS, english).blocks.mapNotNull {
        when (it) {
            is Block.Paragraph -> it.text
            is Block.Problem -> it.text
            else -> null
        }
    }.joinToString("\n")
}
