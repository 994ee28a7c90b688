package org.mobileactnet.app.phone

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.SurfaceTexture
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.Surface
import android.view.TextureView
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.Button
import android.widget.HorizontalScrollView
import android.widget.LinearLayout
import java.util.concurrent.Executor
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.merge
import kotlinx.coroutines.launch
import org.mobileactnet.app.Action
import org.mobileactnet.app.Demo
import org.mobileactnet.app.Screen
import org.mobileactnet.app.contentOf
import org.mobileactnet.app.granted
import org.mobileactnet.app.perform
import org.mobileactnet.app.wantsCamera

private const val ASK_FOR_CAMERA = 1

/** The one activity: shows the content of the present screen, and asks the system for things. */
class MainActivity :
    Activity(),
    TextureView.SurfaceTextureListener {
    private val mainThread = Handler(Looper.getMainLooper())
    private val onMainThread = Executor { mainThread.post(it) }.asCoroutineDispatcher()
    private val scope = CoroutineScope(SupervisorJob() + onMainThread)
    private val demo: Demo get() = (application as DemoApplication).demo
    private var screen = Screen.LIVE
    private var camera: Camera? = null
    private var inFront = false
    private var asked = false
    private lateinit var content: ContentView
    private lateinit var pictures: Pictures

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        screen = saved?.getString(SCREEN)?.let(Screen::valueOf) ?: Screen.LIVE
        asked = saved?.getBoolean(ASKED) ?: false
        pictures = Pictures(demo)
        content = ContentView(this, pictures, ::act)
        content.preview.surfaceTextureListener = this
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                fitsSystemWindows = true
                addView(content, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
                addView(bar(), LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
            }
        )
        val changes = merge(
            demo.start,
            demo.models,
            demo.settings,
            demo.picture,
            demo.live.state,
            demo.results.state,
            demo.gallery.state,
            demo.benchmark.state
        )
        scope.launch { changes.collect { refresh() } }
    }

    override fun onResume() {
        super.onResume()
        inFront = true
        // Once: the answer brings the activity back here, and a refusal must not be asked about again.
        if (mayUseCamera()) {
            demo.live.allowed()
        } else if (!asked) {
            askForCamera()
        }
        refresh()
    }

    override fun onPause() {
        inFront = false
        stopCamera()
        super.onPause()
    }

    override fun onDestroy() {
        scope.cancel()
        pictures.close()
        super.onDestroy()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putString(SCREEN, screen.name)
        state.putBoolean(ASKED, asked)
    }

    @Deprecated("Android 13 has another way; this one works on all")
    override fun onBackPressed() = when {
        demo.picture.value != null -> demo.show(null)
        screen != Screen.LIVE -> act(Action.Open(Screen.LIVE))
        else -> finish()
    }

    private fun bar() = HorizontalScrollView(this).apply {
        addView(
            LinearLayout(context).apply {
                Screen.entries.forEach { target ->
                    addView(
                        Button(context).apply {
                            text = target.title
                            setAllCaps(false)
                            setOnClickListener { act(Action.Open(target)) }
                        }
                    )
                }
            }
        )
    }

    private fun refresh() {
        content.show(contentOf(demo, screen))
        if (inFront && wantsCamera(demo, screen) && mayUseCamera()) startCamera() else stopCamera()
    }

    private fun act(action: Action) {
        if (perform(demo, action)) return
        when (action) {
            is Action.Open -> {
                screen = action.screen
                demo.show(null)
            }

            Action.AskForCamera -> askForCamera()

            Action.OpenSystemSettings -> start(systemSettings(packageName), OPEN_SETTINGS)

            Action.PickPhoto -> start(photoPicker(several = false), PICK_PHOTO)

            Action.AddPhotos -> start(photoPicker(several = true), ADD_PHOTOS)

            Action.ExportReport -> start(reportPlace(), EXPORT_REPORT)

            else -> Unit
        }
        refresh()
    }

    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        if (result != RESULT_OK || data == null) return
        val several = data.clipData?.let { clip -> List(clip.itemCount) { clip.getItemAt(it).uri } }
        val chosen = several ?: listOfNotNull(data.data)
        if (chosen.isEmpty()) return
        when (request) {
            PICK_PHOTO -> {
                screen = Screen.RESULTS
                demo.results.look { input(chosen.first()) }
            }

            ADD_PHOTOS -> {
                screen = Screen.GALLERY
                demo.gallery.add(chosen.map { uri -> { input(uri) } })
            }

            EXPORT_REPORT -> demo.benchmark.export {
                granted { contentResolver.openOutputStream(chosen.first()) }
            }
        }
    }

    private fun input(uri: Uri) = granted { contentResolver.openInputStream(uri) }

    override fun onRequestPermissionsResult(request: Int, asked: Array<String>, granted: IntArray) {
        if (mayUseCamera()) {
            demo.live.allowed()
        } else {
            demo.live.refused(mayAsk = shouldShowRequestPermissionRationale(Manifest.permission.CAMERA))
        }
        refresh()
    }

    private fun mayUseCamera() = checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED

    private fun askForCamera() {
        asked = true
        // Shown until the answer comes; the system's question lies over it.
        demo.live.refused(mayAsk = true)
        requestPermissions(arrayOf(Manifest.permission.CAMERA), ASK_FOR_CAMERA)
    }

    @Suppress("DEPRECATION") // defaultDisplay is what Android 8 has.
    private fun startCamera() {
        val surface = content.preview.surfaceTexture ?: return
        if (camera != null) return
        val degrees = when (windowManager.defaultDisplay.rotation) {
            Surface.ROTATION_90 -> 90
            Surface.ROTATION_180 -> 180
            Surface.ROTATION_270 -> 270
            else -> 0
        }
        camera = Camera(this, demo.live, surface, degrees).also { it.open() }
    }

    private fun stopCamera() {
        camera?.close()
        camera = null
    }

    override fun onSurfaceTextureAvailable(surface: SurfaceTexture, width: Int, height: Int) = refresh()

    override fun onSurfaceTextureDestroyed(surface: SurfaceTexture): Boolean {
        stopCamera()
        return true
    }

    override fun onSurfaceTextureSizeChanged(surface: SurfaceTexture, width: Int, height: Int) = Unit

    override fun onSurfaceTextureUpdated(surface: SurfaceTexture) = Unit

    private companion object {
        const val SCREEN = "screen"
        const val ASKED = "asked"
    }
}
