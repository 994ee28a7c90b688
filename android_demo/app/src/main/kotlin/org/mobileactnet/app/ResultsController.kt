package org.mobileactnet.app

import java.io.File
import java.io.IOException
import java.io.InputStream
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import org.mobileactnet.core.ActnetException
import org.mobileactnet.core.withinMemory

/** The photo screen: searches with a photo that was picked. */
class ResultsController(
    private val environment: Environment,
    private val session: () -> Session?,
    private val settings: StateFlow<Settings>
) {
    private val mutableState = MutableStateFlow<ResultsState>(ResultsState.Empty)
    val state: StateFlow<ResultsState> = mutableState

    private val worker = environment.worker("photo")

    /** Searches with a photo; [open] may throw [IOException]. */
    fun look(open: () -> InputStream) {
        mutableState.value = ResultsState.Looking
        worker.execute { mutableState.value = found(open) }
    }

    /** Shows no matches any more: their gallery has been closed. What is being looked for is waited for. */
    fun forget() = worker.execute { mutableState.value = ResultsState.Empty }

    private fun found(open: () -> InputStream): ResultsState {
        val opened = session() ?: return ResultsState.Failed(
            "Model and gallery are still being opened; pick the photo again in a moment"
        )
        // Decoders want a file; whatever the system hands over becomes one.
        val copy = File(environment.folder, "picked")
        return try {
            open().use { from -> copy.outputStream().use { from.copyTo(it) } }
            val found = withinMemory { opened.recognise(settings.value.top) { environment.decode(copy) } }
            ResultsState.Found(found.matches, found.times)
        } catch (error: ActnetException) {
            ResultsState.Failed(error.message.orEmpty())
        } catch (error: IOException) {
            ResultsState.Failed("The photo cannot be read: ${error.message}; pick another")
        } finally {
            copy.delete()
        }
    }
}
