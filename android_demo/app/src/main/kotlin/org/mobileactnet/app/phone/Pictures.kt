/* Pictures of the gallery for views: read and decoded on a thread of their own. */
package org.mobileactnet.app.phone

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.os.Handler
import android.os.Looper
import android.util.LruCache
import android.widget.ImageView
import java.io.IOException
import java.util.concurrent.Executors
import org.mobileactnet.app.Demo

private const val LARGE_PX = 1600
private const val THUMBNAIL_PX = 200
private const val CACHED_THUMBNAILS = 150

/**
 * Puts pictures into views. Thumbnails are remembered by their path: a path keeps its content, while
 * the number of a deleted picture is given to another.
 */
class Pictures(private val demo: Demo) {
    private val mainThread = Handler(Looper.getMainLooper())
    private val worker = Executors.newSingleThreadExecutor { Thread(it, "pictures").apply { isDaemon = true } }
    private val thumbnails = LruCache<String, Bitmap>(CACHED_THUMBNAILS)

    /** Shows a small picture as soon as it is decoded; on the main thread. */
    fun showThumbnail(view: ImageView, id: Long, path: String) {
        val known = thumbnails.get(path)
        if (known != null) {
            view.setImageBitmap(known)
        } else {
            load(view) {
                demo.thumbnail(id)?.let { bitmapOf(it, THUMBNAIL_PX) }?.also { thumbnails.put(path, it) }
            }
        }
    }

    /** Shows the large picture, or the small one where this phone has no other; on the main thread. */
    fun showLarge(view: ImageView, id: Long, path: String) = load(view) {
        (photo(path) ?: demo.pagePicture(id))?.let { bitmapOf(it, LARGE_PX) }
    }

    /** Nothing is decoded any more; on the main thread. */
    fun close() {
        worker.shutdownNow()
    }

    private fun load(view: ImageView, decode: () -> Bitmap?) {
        worker.execute {
            val bitmap = try {
                decode()
            } catch (error: OutOfMemoryError) {
                null // The screen has its words without the picture, too.
            } ?: return@execute
            mainThread.post { view.setImageBitmap(bitmap) }
        }
    }

    private fun photo(path: String): ByteArray? = try {
        demo.photoOf(path)?.readBytes()
    } catch (error: IOException) {
        null // It has just been deleted; the thumbnail may still be there.
    }
}

/** A JPEG or any photo file as a bitmap of at most about [sidePx]; null where it is none. */
private fun bitmapOf(bytes: ByteArray, sidePx: Int): Bitmap? {
    val options = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
    options.inSampleSize = maxOf(1, maxOf(options.outWidth, options.outHeight) / sidePx)
    options.inJustDecodeBounds = false
    return BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
}
