package org.mobileactnet.app.phone

import android.window.OnBackInvokedCallback
import android.window.OnBackInvokedDispatcher
import kotlin.test.Test
import kotlin.test.assertEquals

class BackCallsTest {
    /** An activity of Android 13 or newer. */
    class NewActivity : OnBackInvokedDispatcher {
        val callbacks = mutableListOf<OnBackInvokedCallback>()
        val onBackInvokedDispatcher: OnBackInvokedDispatcher get() = this

        override fun registerOnBackInvokedCallback(priority: Int, callback: OnBackInvokedCallback) {
            assertEquals(0, priority) // PRIORITY_DEFAULT
            callbacks.add(callback)
        }

        override fun unregisterOnBackInvokedCallback(callback: OnBackInvokedCallback) {
            assertEquals(true, callbacks.remove(callback))
        }
    }

    private val activity = NewActivity()
    private var wentBack = 0

    @Test
    fun backIsTakenOnlyWhileThereIsSomethingToGoBackTo() {
        val calls = BackCalls(activity, version = 36) { wentBack++ }
        assertEquals(0, activity.callbacks.size)
        repeat(2) { calls.wanted(true) }
        activity.callbacks.single().onBackInvoked()
        assertEquals(1, wentBack)
        repeat(2) { calls.wanted(false) }
        assertEquals(0, activity.callbacks.size)
        calls.wanted(true)
        activity.callbacks.single().onBackInvoked()
        assertEquals(2, wentBack)
    }

    @Test
    fun beforeAndroid13ItIsLeftToTheActivity() {
        BackCalls(activity, version = 32) { wentBack++ }.wanted(true)
        assertEquals(0, activity.callbacks.size)
    }
}
