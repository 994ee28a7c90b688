package org.mobileactnet

import java.io.Closeable
import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executors
import java.util.concurrent.Future
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.TimeUnit

/**
 * The one thread on which a model is opened, used and closed: native code does not have to be
 * thread-safe, and no frame can reach a model that is gone.
 */
class ModelOwner private constructor() : Closeable {
    private val thread = Executors.newSingleThreadExecutor { Thread(it, "model") }
    private lateinit var model: DescriptorModel

    /**
     * Does something with the model on its thread, after what was asked for before.
     *
     * @throws ModelException where the model has been closed.
     */
    fun <T> submit(work: (DescriptorModel) -> T): Future<T> = try {
        thread.submit(Callable { work(model) })
    } catch (error: RejectedExecutionException) {
        throw ModelException("The model is being opened again; try again in a moment", error)
    }

    /** The same, waiting for what comes out; throws what [work] throws. */
    fun <T> use(work: (DescriptorModel) -> T): T = waitFor(submit(work))

    /** Closes the model after what was asked for before; nothing can be asked for any more. */
    override fun close() {
        if (thread.isShutdown) return
        thread.execute { model.close() }
        thread.shutdown()
        thread.awaitTermination(CLOSING_S, TimeUnit.SECONDS)
    }

    companion object {
        private const val CLOSING_S = 5L

        /** Opens a model on a thread of its own; throws what [open] throws. */
        fun open(open: () -> DescriptorModel): ModelOwner {
            val owner = ModelOwner()
            try {
                owner.waitFor(owner.thread.submit(Callable { owner.model = open() }))
            } catch (error: Throwable) {
                owner.thread.shutdown()
                throw error
            }
            return owner
        }
    }

    private fun <T> waitFor(future: Future<T>): T = try {
        future.get()
    } catch (error: ExecutionException) {
        throw error.cause ?: error
    }
}
