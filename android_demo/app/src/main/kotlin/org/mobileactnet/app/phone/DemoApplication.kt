package org.mobileactnet.app.phone

import android.app.Application
import org.mobileactnet.app.Demo

/** Holds the demo as long as the process lives. */
class DemoApplication : Application() {
    lateinit var demo: Demo
        private set

    override fun onCreate() {
        super.onCreate()
        demo = Demo(AndroidEnvironment(this)).also { it.open() }
    }
}
