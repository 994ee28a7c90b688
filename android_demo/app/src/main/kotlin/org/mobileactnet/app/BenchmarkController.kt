package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.OutputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.ActnetException
import org.mobileactnet.Benchmark
import org.mobileactnet.BenchmarkResult
import org.mobileactnet.Recogniser
import org.mobileactnet.goldenPicture
import org.mobileactnet.reportJson
import org.mobileactnet.resize

/** The benchmark screen. */
class BenchmarkController(private val environment: Environment, private val recogniser: () -> Recogniser?) {
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
                open().use { it.write(done.report.toByteArray()) }
                "The report is saved"
            } catch (error: IOException) {
                "The report cannot be saved: ${error.message}; choose another place"
            }
            mutableState.value = done.copy(saved = saved)
        }
    }

    private fun measured(plan: Benchmark.Plan): BenchmarkState {
        val open = recogniser() ?: return BenchmarkState.Failed("There is no model to measure")
        val photo = File(environment.folder, "benchmark.jpg")
        return try {
            val pictures = open.gallery.counts().pictures.toInt()
            photo.writeBytes(generatedPhoto(open))
            val result = open.measure(plan, { environment.decode(photo) }, { !stopped }) {
                mutableState.value = BenchmarkState.Running(it)
            }
            if (result == null) BenchmarkState.Idle else done(result, open, pictures)
        } catch (error: ActnetException) {
            BenchmarkState.Failed(error.message.orEmpty())
        } catch (error: IOException) {
            BenchmarkState.Failed("The benchmark cannot store its photo: ${error.message}; free some space")
        } catch (error: OutOfMemoryError) {
            BenchmarkState.Failed("The benchmark's photo is too large for this phone's memory; close other apps")
        } finally {
            photo.delete()
        }
    }

    /** A JPEG of the size that phones take, of the golden picture. */
    private fun generatedPhoto(open: Recogniser): ByteArray {
        val picture = resize(goldenPicture(open.manifest.preprocessing), PHOTO_HEIGHT_PX, PHOTO_WIDTH_PX)
        return environment.jpeg(picture, PHOTO_WIDTH_PX)
    }

    /** The report is made here, of what was measured: model and settings may be others when it is saved. */
    private fun done(result: BenchmarkResult, open: Recogniser, pictures: Int) = BenchmarkState.Done(
        open.name,
        result,
        reportJson(result, open.manifest, environment.phone, open.model.ran, pictures, environment.now()),
        saved = null
    )

    private companion object {
        const val PHOTO_HEIGHT_PX = 3024
        const val PHOTO_WIDTH_PX = 4032
    }
}
