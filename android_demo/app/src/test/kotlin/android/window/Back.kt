/* What Android 13 has for Back, as far as the app uses it: the classes of the tests' Android are older. */
package android.window

interface OnBackInvokedCallback {
    fun onBackInvoked()
}

interface OnBackInvokedDispatcher {
    fun registerOnBackInvokedCallback(priority: Int, callback: OnBackInvokedCallback)

    fun unregisterOnBackInvokedCallback(callback: OnBackInvokedCallback)
}
