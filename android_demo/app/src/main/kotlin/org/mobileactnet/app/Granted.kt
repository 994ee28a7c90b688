/* What the system lends: photos that were picked, and places to save to. */
package org.mobileactnet.app

import java.io.FileNotFoundException
import java.io.IOException

/**
 * Opens what the system has handed over. That it has gone, or that the loan has ended (a
 * SecurityException on Android), is an [IOException] as any other.
 */
fun <T : Any> granted(open: () -> T?): T = try {
    open() ?: throw FileNotFoundException("it is not there any more")
} catch (error: SecurityException) {
    throw IOException("the phone does not let the app see it any more", error)
}
