package org.mobileactnet

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.InputStream

/**
 * Photos that someone added on the phone, in two folders: those that wait, and those that a gallery has taken
 * or refused. The folders are the list of what there is, for the galleries of all models, and survive the end
 * of the app at any moment: a file appears under its name when it is whole, moves on only after a gallery has
 * its descriptor or its problem, and goes when someone deletes it.
 *
 * A photo's name is the start of its content's SHA-256, so that the same photo is added once.
 *
 * @param waitingFolder of photos that no gallery has taken or refused.
 * @param photosFolder of photos that one has, for the large picture on the screen and for other models.
 * @param namesFolder of the names that someone gave, for the galleries of all models.
 */
class PhotoInbox(
    private val waitingFolder: File,
    private val photosFolder: File,
    private val namesFolder: File = File(photosFolder.path + ".names")
) {
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

    /** What no gallery has taken or refused yet, oldest first; what a stopped copy left is removed. */
    fun waiting(): List<File> {
        val (parts, files) = waitingFolder.listFiles().orEmpty().partition { it.name.endsWith(PART) }
        parts.forEach { it.delete() }
        return oldestFirst(files.filterNot { it.name.endsWith(BEGUN) })
    }

    /** What one gallery at least has taken or refused, oldest first. */
    fun kept(): List<File> = oldestFirst(photosFolder.listFiles().orEmpty().toList())

    /** Whether a path is that of a photo which was added on a phone, and is not there any more. */
    fun isDeleted(path: String): Boolean =
        isAdded(path) && listOf(waitingFolder, photosFolder).none { File(it, path.removePrefix(FOLDER)).exists() }

    /** How often a photo was begun without an end: each time the process died of it, or with it. */
    fun deaths(photo: File): Int = mark(photo).length().toInt()

    /** Notes that a photo is begun; the note stays if the process ends before [ended]. */
    fun begin(photo: File) {
        try {
            waitingFolder.mkdirs()
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

    /** Moves a photo that a gallery has taken or refused to the photos, where it is not there already. */
    fun keep(photo: File) {
        if (photo.parentFile == photosFolder) return
        try {
            photosFolder.mkdirs()
            photo.moveTo(File(photosFolder, photo.name))
        } catch (error: IOException) {
            throw PictureException("${photo.name} cannot be kept: ${error.message}", error)
        }
    }

    /** The large picture of a path in the gallery; null where there is only the thumbnail. */
    fun photo(path: String): File? =
        File(photosFolder, path.removePrefix(FOLDER)).takeIf { path.startsWith(FOLDER) && it.isFile }

    /**
     * Removes the photo of a path, if there is one, and how often it was begun; [isDeleted] is true then.
     *
     * @throws PictureException where the phone does not let it go.
     */
    fun delete(path: String) {
        if (!isAdded(path)) return
        val photos = listOf(waitingFolder, photosFolder).map { File(it, path.removePrefix(FOLDER)) }
        for (photo in photos) {
            if (!photo.delete() && photo.exists()) throw PictureException("$path cannot be deleted; try again")
        }
        name(path).delete()
        ended(photos.first())
    }

    /** The name that someone gave the photo of a path; null where no one did. */
    fun nameOf(path: String): String? = name(path).takeIf { isAdded(path) && it.isFile }?.readText()

    /**
     * Gives the photo of a path a name; a blank one takes it away.
     *
     * @throws PictureException where it cannot be stored.
     */
    fun rename(path: String, text: String) {
        require(isAdded(path)) { "$path was not added on this phone" }
        try {
            namesFolder.mkdirs()
            if (text.isBlank()) {
                name(path).delete()
            } else {
                val part = File(namesFolder, name(path).name + PART)
                part.writeText(text.trim())
                part.moveTo(name(path))
            }
        } catch (error: IOException) {
            throw PictureException("The name cannot be stored: ${error.message}; free some space", error)
        }
    }

    private fun name(path: String) = File(namesFolder, path.removePrefix(FOLDER))

    private fun oldestFirst(files: List<File>) = files.sortedWith(compareBy({ it.lastModified() }, { it.name }))

    private fun mark(photo: File) = File(waitingFolder, photo.name + BEGUN)

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
        private val ADDED_NAME = Regex("[0-9a-f]{$NAME_DIGITS}")

        /** Whether a path is that of a photo which was added on a phone; computers' folders may be called so, too. */
        fun isAdded(path: String): Boolean = path.startsWith(FOLDER) && ADDED_NAME.matches(path.removePrefix(FOLDER))
    }
}
