package org.mobileactnet.app

import java.io.File
import java.io.FileOutputStream
import java.io.IOException

/**
 * What was recognised or picked, the newest first, in a file of the phone. A line has the time and the picture's
 * path, as numbers of pictures change with the gallery.
 */
class History(private val file: File) {
    /** The paths, the newest first, each once. */
    @Synchronized
    fun paths(): List<String> = try {
        if (file.isFile) file.readLines().map { it.substringAfter('\t') }.filter(String::isNotEmpty) else emptyList()
    } catch (error: IOException) {
        emptyList() // Nothing was lost that is needed.
    }

    /** Puts a path first. */
    @Synchronized
    fun add(path: String, now: String) {
        val old = if (file.isFile) file.readLines().filter { it.substringAfter('\t') != path } else emptyList()
        write(listOf("$now\t$path") + old.take(MOST - 1))
    }

    @Synchronized
    fun clear() {
        file.delete()
    }

    private fun write(lines: List<String>) {
        val part = File(file.path + ".part")
        try {
            FileOutputStream(part).use {
                it.write(lines.joinToString("\n").toByteArray())
                it.fd.sync()
            }
            part.renameTo(file)
        } catch (error: IOException) {
            part.delete() // A full storage costs the entry, not the answer.
        }
    }

    private companion object {
        const val MOST = 200
    }
}
