package org.mobileactnet.app.phone

import android.content.Context
import android.graphics.ImageFormat
import android.graphics.Rect
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.Image
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.view.Surface
import java.io.Closeable
import org.mobileactnet.CameraFrame
import org.mobileactnet.PhoneTurn
import org.mobileactnet.YuvPlane
import org.mobileactnet.app.LiveController
import org.mobileactnet.frameOrientation

/** Size of the frames: all that a model of a few hundred pixels needs, on every phone's list. */
private const val WIDTH_PX = 640
private const val HEIGHT_PX = 480

/** The preview is as much of the scene, in more pixels. */
private const val LARGEST_PREVIEW_PX = 1600
private const val IMAGES = 2

/**
 * The camera at the back, or the one there is: a preview, and frames for the live screen. Frames
 * arrive on a thread of its own, which the screen holds while it looks, so that none pile up.
 *
 * @param turn how the phone is held; frames stand upright by it, whatever the screen does.
 */
class Camera(
    context: Context,
    private val live: LiveController,
    private val preview: SurfaceTexture,
    private val turn: PhoneTurn
) : Closeable {
    private val manager = context.getSystemService(CameraManager::class.java)
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)
    private val reader = ImageReader.newInstance(WIDTH_PX, HEIGHT_PX, ImageFormat.YUV_420_888, IMAGES)

    // Of the camera's thread alone, from here.
    private var device: CameraDevice? = null
    private var previewSurface: Surface? = null
    private var opening = false
    private var closed = false
    private var characteristics: CameraCharacteristics? = null
    private var request: CaptureRequest.Builder? = null
    private var session: CameraCaptureSession? = null
    private var zoom = 1f
    private var lamp = false

    /** Opens the camera; what fails is told to the live screen. */
    fun open() {
        live.starting()
        handler.post { told(::openBack) }
    }

    /** Closes it; one that is still being opened as soon as it is there. */
    override fun close() {
        handler.post {
            closed = true
            if (!opening) release()
        }
    }

    /** Makes things larger by a [factor], as far as the camera can. */
    fun zoom(factor: Float) = change {
        val most = characteristics?.get(CameraCharacteristics.SCALER_AVAILABLE_MAX_DIGITAL_ZOOM) ?: 1f
        zoom = (zoom * factor).coerceIn(1f, most)
    }

    /** Switches the lamp on or off. */
    fun lamp(on: Boolean) = change { lamp = on }

    private fun change(what: () -> Unit) {
        handler.post {
            what()
            if (!closed) told(::repeat)
        }
    }

    /** Asks for pictures as zoom and lamp are now. */
    private fun repeat() {
        val wanted = request ?: return
        wanted.set(
            CaptureRequest.FLASH_MODE,
            if (lamp) CaptureRequest.FLASH_MODE_TORCH else CaptureRequest.FLASH_MODE_OFF
        )
        characteristics?.get(CameraCharacteristics.SENSOR_INFO_ACTIVE_ARRAY_SIZE)?.let { whole ->
            val width = (whole.width() / zoom).toInt()
            val height = (whole.height() / zoom).toInt()
            val left = (whole.width() - width) / 2
            val top = (whole.height() - height) / 2
            wanted.set(CaptureRequest.SCALER_CROP_REGION, Rect(left, top, left + width, top + height))
        }
        session?.setRepeatingRequest(wanted.build(), null, handler)
    }

    private fun openBack() {
        val id = chooseCamera()
        if (id == null) {
            live.failed("This phone has no camera; choose a photo instead")
            return
        }
        val facts = manager.getCameraCharacteristics(id)
        characteristics = facts
        val sensor = facts.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
        val facesUser = facts.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_FRONT
        live.torchFound(facts.get(CameraCharacteristics.FLASH_INFO_AVAILABLE) == true)
        reader.setOnImageAvailableListener({ look(frameOrientation(sensor, turn.degrees, facesUser)) }, handler)
        manager.openCamera(id, Opened(), handler)
        opening = true
    }

    private fun release() {
        device?.close()
        reader.close()
        previewSurface?.release()
        thread.quitSafely()
    }

    private fun chooseCamera(): String? {
        val ids = manager.cameraIdList
        return ids.firstOrNull { id ->
            manager.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING) ==
                CameraCharacteristics.LENS_FACING_BACK
        } ?: ids.firstOrNull()
    }

    private fun look(orientation: Int) {
        reader.acquireLatestImage()?.use { image -> live.onFrame { frameOf(image, orientation) } }
    }

    private fun startPreview(camera: CameraDevice) = told {
        val (width, height) = previewSize()
        preview.setDefaultBufferSize(width, height)
        val surfaces = listOf(Surface(preview).also { previewSurface = it }, reader.surface)
        val request = camera.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
        surfaces.forEach(request::addTarget)
        this.request = request
        val configured = object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(configured: CameraCaptureSession) = told {
                session = configured
                repeat()
            }

            override fun onConfigureFailed(session: CameraCaptureSession) =
                live.failed("The camera cannot show its picture and give it to the app at once; choose a photo instead")
        }
        camera.createCaptureSession(surfaces, configured, handler)
    }

    /** The largest that has the frames' shape: so the preview is what is looked at. */
    private fun previewSize(): Pair<Int, Int> {
        val sizes = characteristics?.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)
            ?.getOutputSizes(SurfaceTexture::class.java).orEmpty()
        val fitting = sizes.filter { it.width * HEIGHT_PX == it.height * WIDTH_PX && it.width <= LARGEST_PREVIEW_PX }
        return fitting.maxByOrNull { it.width }?.let { it.width to it.height } ?: (WIDTH_PX to HEIGHT_PX)
    }

    private inner class Opened : CameraDevice.StateCallback() {
        override fun onOpened(camera: CameraDevice) {
            device = camera
            opening = false
            if (closed) release() else startPreview(camera)
        }

        override fun onDisconnected(camera: CameraDevice) {
            failed(camera, "Another app is using the camera; come back to this screen to go on")
        }

        override fun onError(camera: CameraDevice, error: Int) {
            failed(camera, "The camera failed (error $error); close other camera apps, or choose a photo")
        }

        private fun failed(camera: CameraDevice, sentence: String) {
            device = camera
            opening = false
            if (closed) {
                release()
            } else {
                camera.close()
                live.failed(sentence)
            }
        }
    }

    /** Turns the camera's exceptions into sentences. */
    private fun told(work: () -> Unit) = try {
        work()
    } catch (error: CameraAccessException) {
        live.failed("The camera cannot be used: ${error.message}; choose a photo instead")
    } catch (error: Surface.OutOfResourcesException) {
        live.failed("The camera has no room for its picture; close other camera apps, or choose a photo")
    } catch (error: IllegalArgumentException) {
        // The preview's surface has gone, or the phone's camera does not know the size of the frames.
        live.failed("The camera cannot be used as it is: ${error.message}; choose a photo instead")
    } catch (error: SecurityException) {
        live.refused(mayAsk = true)
    } catch (error: IllegalStateException) {
        // Closed while it was being opened: the screen was left.
        live.starting()
    }
}

/** Copies a frame out of the camera's memory. */
private fun frameOf(image: Image, orientation: Int): CameraFrame {
    val (luminance, blue, red) = image.planes.map { plane ->
        val bytes = ByteArray(plane.buffer.remaining()).also(plane.buffer::get)
        YuvPlane(bytes, plane.rowStride, plane.pixelStride)
    }
    return CameraFrame(image.width, image.height, luminance, blue, red, orientation)
}
