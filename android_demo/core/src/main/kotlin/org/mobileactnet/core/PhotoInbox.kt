package org.mobileactnet.core

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream

/**
 * Photos that someone added and that are not in the gallery yet: the files of a folder. It is the
 * list of what is still to do, and survives the end of the app at any moment: a file appears under
 * its name when it is whole, and leaves only after the gallery has its descriptor.
 *
 * A photo's name is the start of its content's SHA-256, so that the same photo is added once.
 *
 * @param waitingFolder of photos to be described.
 * @param photosFolder of photos that have been, for the large picture on the screen.
 */
class PhotoInbox(private val waitingFolder: File, private val photosFolder: File) {
    /**
     * Copies a photo in.
     *
     * @throws PictureException where it cannot be read or stored; nothing is left of it then.
     */
    fun add(photo: InputStream): File {
        val part = File(waitingFolder, "${System.nanoTime()}$PART")
        try {
            waitingFolder.mkdirs()
            FileOutputStream(part).use { copy ->
                photo.copyTo(copy)
                copy.fd.sync()
            }
            val name = part.inputStream().use(::sha256).take(NAME_DIGITS)
            return File(waitingFolder, name).also { part.moveTo(it) }
        } catch (error: IOException) {
            part.delete()
            throw PictureException(
                "The photo cannot be added: ${error.message}; free some space and add it again",
                error
            )
        }
    }

    /** What is still to be described, oldest first; what a stopped copy left is removed. */
    fun waiting(): List<File> {
        val (parts, files) = waitingFolder.listFiles().orEmpty().partition { it.name.endsWith(PART) }
        parts.forEach { it.delete() }
        return files.filterNot { it.name.endsWith(BEGUN) }
            .sortedWith(compareBy({ it.lastModified() }, { it.name }))
    }

    /** How often a photo was begun without an end: each time the process died of it, or with it. */
    fun deaths(photo: File): Int = mark(photo).length().toInt()

    /** Notes that a photo is begun; the note stays if the process ends before [ended]. */
    fun begin(photo: File) {
        try {
            FileOutputStream(mark(photo), true).use {
                it.write(1)
                it.fd.sync()
            }
        } catch (error: IOException) {
            throw ActnetException("The photo cannot be described: ${error.message}; free some space", error)
        }
    }

    /** A photo has been described, or has failed without an end of the process. */
    fun ended(photo: File) {
        mark(photo).delete()
    }

    /** Moves a photo that the gallery has now to the photos. */
    fun keep(photo: File) {
        photo.moveInto(photosFolder)
    }

    /** Lets every photo that had been described wait again: for a gallery that does not have them. */
    fun waitAgain() {
        photosFolder.listFiles().orEmpty().forEach { it.moveInto(waitingFolder) }
    }

    /** Removes a photo that cannot be described. */
    fun drop(photo: File) {
        photo.delete()
        ended(photo)
    }

    /** The large picture of a path in the gallery; null where there is only the thumbnail. */
    fun photo(path: String): File? =
        File(photosFolder, path.removePrefix(FOLDER)).takeIf { path.startsWith(FOLDER) && it.isFile }

    /** Removes the large picture of a path, if there is one. */
    fun delete(path: String) {
        photo(path)?.delete()
    }

    private fun mark(photo: File) = File(waitingFolder, photo.name + BEGUN)

    private fun File.moveInto(folder: File) {
        try {
            folder.mkdirs()
            moveTo(File(folder, name))
        } catch (error: IOException) {
            throw PictureException("$name cannot be kept: ${error.message}", error)
        }
    }

    private fun File.moveTo(target: File) {
        if (!renameTo(target)) throw IOException("$name cannot be renamed")
    }

    companion object {
        /** What paths of photos that were added on this phone begin with. */
        const val FOLDER = "added/"
        private const val PART = ".part"

        /** Ends the name of a file with one byte for each time that a photo was begun. */
        private const val BEGUN = ".begun"
        private const val NAME_DIGITS = 32
    }
}
