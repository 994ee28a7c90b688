/* Back on Android 13 and newer, whose classes this compiler's Android does not have. */
package org.mobileactnet.app.phone

import java.lang.reflect.Proxy

private const val ANDROID_13 = 33
private const val CALLBACK = "android.window.OnBackInvokedCallback"
private const val DISPATCHER = "android.window.OnBackInvokedDispatcher"

/**
 * Takes Back only while there is something to go back to: else the system shows what lies behind the app, and
 * leaves it. Before Android 13 nothing happens here, and `onBackPressed` is called.
 *
 * @param activity that Back is taken for.
 * @param version of Android, as `Build.VERSION.SDK_INT`.
 */
class BackCalls(private val activity: Any, private val version: Int, private val goBack: () -> Unit) {
    private var registered = false

    private val callback: Any? by lazy {
        if (version < ANDROID_13) return@lazy null
        val type = Class.forName(CALLBACK)
        Proxy.newProxyInstance(type.classLoader, arrayOf(type)) { proxy, method, arguments ->
            when (method.name) {
                "onBackInvoked" -> goBack()
                "equals" -> proxy === arguments?.firstOrNull()
                "hashCode" -> System.identityHashCode(proxy)
                "toString" -> "Back"
                else -> null
            }
        }
    }

    /** Whether there is something to go back to. */
    fun wanted(wanted: Boolean) {
        val call = callback ?: return
        if (wanted == registered) return
        val dispatcher = activity.javaClass.getMethod("getOnBackInvokedDispatcher").invoke(activity)
        val dispatching = Class.forName(DISPATCHER)
        val calling = Class.forName(CALLBACK)
        if (wanted) {
            dispatching.getMethod("registerOnBackInvokedCallback", Int::class.javaPrimitiveType, calling)
                .invoke(dispatcher, 0, call)
        } else {
            dispatching.getMethod("unregisterOnBackInvokedCallback", calling).invoke(dispatcher, call)
        }
        registered = wanted
    }
}
