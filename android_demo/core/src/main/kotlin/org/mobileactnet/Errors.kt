package org.mobileactnet

/**
 * Something that a user can do something about. The message is a sentence for the screen: what
 * came, and what to do.
 */
open class ActnetException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** The manifest, or the artefact beside it, cannot be used. */
class ManifestException(message: String, cause: Throwable? = null) : ActnetException(message, cause)

/** The model cannot be loaded or run. */
class ModelException(message: String, cause: Throwable? = null) : ActnetException(message, cause)

/** The gallery cannot be used. */
class GalleryException(message: String, cause: Throwable? = null) : ActnetException(message, cause)

/** A photo cannot be used. */
class PictureException(message: String, cause: Throwable? = null) : ActnetException(message, cause)

/** Does something with a photo; that the memory does not suffice is the photo's matter. */
inline fun <T> withinMemory(work: () -> T): T = try {
    work()
} catch (error: OutOfMemoryError) {
    throw PictureException("The photo is too large for this phone's memory; choose a smaller one", error)
}
