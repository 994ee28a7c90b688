/* Decoding and encoding photos with Android's own codecs. */
package org.mobileactnet.app.phone

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.media.ExifInterface
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.util.zip.CRC32
import org.mobileactnet.PictureException
import org.mobileactnet.RgbPicture
import org.mobileactnet.android.pictureOf
import org.mobileactnet.ended
import org.mobileactnet.fitted
import org.mobileactnet.isJpeg
import org.mobileactnet.isTruncated
import org.mobileactnet.lacksOnlyItsEnd
import org.mobileactnet.reductionOf
import org.mobileactnet.upright

private const val JPEG_QUALITY = 85
private const val OPAQUE = 0xff shl 24

/** Decodes a photo, upright; throws [PictureException], and OutOfMemoryError for a large one. */
fun decodePhoto(photo: File): RgbPicture {
    val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
    BitmapFactory.decodeFile(photo.path, bounds)
    if (bounds.outWidth < 1) throw PictureException("The photo cannot be decoded; choose another")
    // Android shows the rest of a truncated photo in grey and tells nobody.
    val file = bytesOf(photo)
    val reduction = reductionOf(bounds.outWidth, bounds.outHeight, isJpeg(file))
    val bitmap = decodeBitmap(if (isTruncated(file)) completed(file, reduction) else file, reduction)
    val picture = pictureOf(bitmap)
    bitmap.recycle()
    return upright(picture, orientationOf(photo))
}

/** Returns a JPEG that lacks only its end marker with it; throws [PictureException] for other truncated files. */
private fun completed(file: ByteArray, reduction: Int): ByteArray {
    val whole = isJpeg(file) && lacksOnlyItsEnd(file) { checksumOf(decodeBitmap(it, reduction)) }
    if (!whole) throw PictureException("The photo is truncated; choose another")
    return ended(file)
}

/** A number of a bitmap's pixels, row by row, as a photo's are too many for another copy; the bitmap is freed. */
private fun checksumOf(bitmap: Bitmap): Long {
    val checksum = CRC32()
    val row = IntArray(bitmap.width)
    val bytes = ByteBuffer.allocate(row.size * Int.SIZE_BYTES)
    for (y in 0 until bitmap.height) {
        bitmap.getPixels(row, 0, row.size, 0, y, row.size, 1)
        bytes.asIntBuffer().put(row)
        checksum.update(bytes.array())
    }
    bitmap.recycle()
    return checksum.value
}

private fun bytesOf(photo: File): ByteArray = try {
    photo.readBytes()
} catch (error: IOException) {
    throw PictureException("The photo cannot be read (${error.message}); choose another")
}

/** A JPEG of a picture whose longest side is at most [sidePx]. */
fun jpegOf(picture: RgbPicture, sidePx: Int): ByteArray {
    val small = fitted(picture, sidePx)
    val bytes = small.bytes
    val colours = IntArray(small.widthPx * small.heightPx) { pixel ->
        val red = bytes[3 * pixel].toInt() and 255
        val green = bytes[3 * pixel + 1].toInt() and 255
        val blue = bytes[3 * pixel + 2].toInt() and 255
        OPAQUE or (red shl 16) or (green shl 8) or blue
    }
    val buffer = ByteArrayOutputStream()
    Bitmap.createBitmap(colours, small.widthPx, small.heightPx, Bitmap.Config.ARGB_8888)
        .compress(Bitmap.CompressFormat.JPEG, JPEG_QUALITY, buffer)
    return buffer.toByteArray()
}

private fun decodeBitmap(file: ByteArray, reduction: Int): Bitmap {
    val options = BitmapFactory.Options().apply {
        inPreferredConfig = Bitmap.Config.ARGB_8888
        inSampleSize = reduction
        inPremultiplied = false // Transparency is laid over white from the colours as they are stored.
    }
    return BitmapFactory.decodeByteArray(file, 0, file.size, options)
        ?: throw PictureException("The photo is damaged; choose another")
}

private fun orientationOf(photo: File): Int = try {
    ExifInterface(photo.path).getAttributeInt(ExifInterface.TAG_ORIENTATION, ExifInterface.ORIENTATION_NORMAL)
} catch (error: IOException) {
    ExifInterface.ORIENTATION_NORMAL // A file without EXIF.
}
