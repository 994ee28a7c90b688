package org.mobileactnet.app

import java.io.File
import java.util.concurrent.Executor
import org.mobileactnet.Heat
import org.mobileactnet.Phone
import org.mobileactnet.Platform
import org.mobileactnet.RgbPicture

/** All that the demo asks of the phone it runs on; tests have one of their own. */
interface Environment : Platform {
    val phone: Phone

    /** Decodes a photo, upright; throws PictureException, and OutOfMemoryError for a large one. */
    fun decode(photo: File): RgbPicture

    /** A JPEG whose longest side is at most [sidePx]. */
    fun jpeg(picture: RgbPicture, sidePx: Int): ByteArray

    fun heat(): Heat

    /** The language that texts of the catalogue are wanted in, such as `de`. */
    fun language(): String

    /** The present time, UTC, ISO 8601. */
    fun now(): String

    /** A thread for work of one kind, one piece after the other. */
    fun worker(name: String): Executor
}
