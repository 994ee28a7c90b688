package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.OutputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.core.ActnetException
import org.mobileactnet.core.Benchmark
import org.mobileactnet.core.BenchmarkResult
import org.mobileactnet.core.goldenPicture
import org.mobileactnet.core.reportJson
import org.mobileactnet.core.resize

/** The benchmark screen. */
class BenchmarkController(
    private val environment: Environment,
    private val session: () -> Session?,
    private val settings: StateFlow<Settings>,
) {
    private val mutableState = MutableStateFlow<BenchmarkState>(BenchmarkState.Idle)
    val state: StateFlow<BenchmarkState> = mutableState

    private val worker = environment.worker("benchmark")

    @Volatile
    private var stopped = false

    fun measure(plan: Benchmark.Plan) {
        stopped = false
        mutableState.value = BenchmarkState.Running(0.0)
        worker.execute { mutableState.value = measured(plan) }
    }

    fun stop() {
        stopped = true
    }

    /** Writes the report of the last measurement; [open] may throw [IOException]. */
    fun export(open: () -> OutputStream) {
        val done = state.value as? BenchmarkState.Done ?: return
        worker.execute {
            val saved = try {
                val report = report(done.result) ?: return@execute
                open().use { it.write(report.toByteArray()) }
                "The report is saved"
            } catch (error: IOException) {
                "The report cannot be saved: ${error.message}; choose another place"
            } catch (error: ActnetException) {
                "The report cannot be made: ${error.message}"
            }
            mutableState.value = done.copy(saved = saved)
        }
    }

    private fun measured(plan: Benchmark.Plan): BenchmarkState {
        val open = session() ?: return BenchmarkState.Failed("There is no model to measure")
        val photo = File(environment.folder, "benchmark.jpg")
        return try {
            photo.writeBytes(generatedPhoto(open))
            val result = open.withRecogniser { recogniser, model ->
                val size = open.manifest.preprocessing
                Benchmark(recogniser, model, size, { environment.decode(photo) }, environment::clockNs)
                    .run(plan, { !stopped }) { mutableState.value = BenchmarkState.Running(it) }
            }
            if (result == null) BenchmarkState.Idle else BenchmarkState.Done(result, null)
        } catch (error: ActnetException) {
            BenchmarkState.Failed(error.message.orEmpty())
        } catch (error: IOException) {
            BenchmarkState.Failed("The benchmark cannot store its photo: ${error.message}; free some space")
        } finally {
            photo.delete()
        }
    }

    /** A JPEG of the size that phones take, of the golden picture. */
    private fun generatedPhoto(open: Session): ByteArray {
        val picture = resize(goldenPicture(open.manifest.preprocessing), PHOTO_HEIGHT_PX, PHOTO_WIDTH_PX)
        return environment.jpeg(picture, PHOTO_WIDTH_PX)
    }

    /** The report's text; null where the model has been closed meanwhile. */
    private fun report(result: BenchmarkResult): String? {
        val open = session() ?: return null
        val pictures = open.gallery.counts().pictures.toInt()
        return reportJson(
            result, open.manifest, environment.phone, settings.value.threads, pictures, environment.now(),
        )
    }

    private companion object {
        const val PHOTO_HEIGHT_PX = 3024
        const val PHOTO_WIDTH_PX = 4032
    }
}
