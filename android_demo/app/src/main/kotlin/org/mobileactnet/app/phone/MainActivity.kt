package org.mobileactnet.app.phone

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.SurfaceTexture
import android.graphics.Typeface
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.HapticFeedbackConstants
import android.view.OrientationEventListener
import android.view.TextureView
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.Button
import android.widget.LinearLayout
import java.util.concurrent.Executor
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.merge
import kotlinx.coroutines.launch
import org.mobileactnet.PhoneTurn
import org.mobileactnet.app.Action
import org.mobileactnet.app.Demo
import org.mobileactnet.app.LiveState
import org.mobileactnet.app.Screen
import org.mobileactnet.app.Sight
import org.mobileactnet.app.Words
import org.mobileactnet.app.backFrom
import org.mobileactnet.app.barFit
import org.mobileactnet.app.barScreen
import org.mobileactnet.app.contentOf
import org.mobileactnet.app.granted
import org.mobileactnet.app.perform
import org.mobileactnet.app.wantsCamera
import org.mobileactnet.app.write
import org.mobileactnet.turned

private const val ASK_FOR_CAMERA = 1

/** The one activity: shows the content of the present screen, and asks the system for things. */
class MainActivity :
    Activity(),
    TextureView.SurfaceTextureListener {
    private val mainThread = Handler(Looper.getMainLooper())
    private val onMainThread = Executor { mainThread.post(it) }.asCoroutineDispatcher()
    private val scope = CoroutineScope(SupervisorJob() + onMainThread)
    private val demo: Demo get() = (application as DemoApplication).demo
    private val turn = PhoneTurn()
    private val back = BackCalls(this, Build.VERSION.SDK_INT, ::goBack)
    private var screen = Screen.LIVE
    private var camera: Camera? = null
    private var inFront = false
    private var asked = false
    private var ticks = 0
    private lateinit var words: Words
    private lateinit var content: ContentView
    private lateinit var bar: Map<Screen, Button>
    private lateinit var pictures: Pictures
    private lateinit var gravity: OrientationEventListener

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        screen = saved?.getString(SCREEN)?.let(Screen::valueOf) ?: Screen.LIVE
        asked = saved?.getBoolean(ASKED) ?: false
        words = wordsOf(this)
        ticks = demo.ticks.value
        pictures = Pictures(demo)
        gravity = object : OrientationEventListener(this) {
            override fun onOrientationChanged(degrees: Int) {
                turn.take(degrees)
                // Upside down the activity goes on, and is not told.
                content.viewfinder.screenQuarters = screenQuarters()
            }
        }
        content = ContentView(this, pictures, ::act, { input, text -> write(demo, input, text) }) { camera?.zoom(it) }
        content.viewfinder.texture.surfaceTextureListener = this
        bar = Screen.entries.filter { it.inBar }.associateWith(::barButton)
        setContentView(
            LinearLayout(this).apply {
                orientation = LinearLayout.VERTICAL
                fitsSystemWindows = true // Edge to edge: the system's bars lie over the window.
                addView(content, LinearLayout.LayoutParams(MATCH_PARENT, 0, 1f))
                val rows = ButtonRows(context, bar.values.toList(), ::barFit)
                addView(rows, LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT))
            }
        )
        val changes = merge(
            demo.start,
            demo.models,
            demo.settings,
            demo.picture,
            demo.history,
            demo.ticks,
            demo.live.state,
            demo.live.torch,
            demo.results.state,
            demo.gallery.state,
            demo.benchmark.state
        )
        scope.launch { changes.collect { refresh() } }
    }

    override fun onResume() {
        super.onResume()
        inFront = true
        gravity.enable()
        if (mayUseCamera()) demo.live.allowed()
        refresh()
    }

    override fun onPause() {
        inFront = false
        gravity.disable()
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

    @Deprecated("Before Android 13; BackCalls has it there")
    override fun onBackPressed() = goBack()

    private fun goBack() {
        val target = backFrom(demo, screen)
        if (target == null) {
            finish()
        } else {
            act(Action.Open(target))
        }
    }

    private fun barButton(target: Screen) = Button(this).apply {
        text = words(target.key)
        setAllCaps(false)
        setSingleLine()
        setPadding(0, 0, 0, 0)
        setOnClickListener { act(Action.Open(target)) }
    }

    private fun refresh() {
        content.show(contentOf(demo, screen, words))
        bar.forEach { (target, button) ->
            val here = target == screen.barScreen
            button.isSelected = here
            button.typeface = if (here) Typeface.DEFAULT_BOLD else Typeface.DEFAULT
            button.alpha = if (here) 1f else OTHERS_ALPHA
            button.contentDescription = if (here) words("chosen", button.text) else button.text
        }
        back.wanted(backFrom(demo, screen) != null)
        if (ticks != demo.ticks.value) {
            ticks = demo.ticks.value
            content.performHapticFeedback(HapticFeedbackConstants.VIRTUAL_KEY)
        }
        runCamera()
    }

    private fun runCamera() {
        val wanted = inFront && wantsCamera(demo, screen)
        when {
            !wanted -> stopCamera()

            mayUseCamera() -> startCamera()

            // Once: the answer brings the activity back here, and a refusal must not be asked about again.
            !asked -> askForCamera()
        }
        content.viewfinder.screenQuarters = screenQuarters()
        val answer = (demo.live.state.value as? LiveState.Seeing)?.sight as? Sight.Answered
        val apart = turn.degrees + 90 * screenQuarters()
        content.viewfinder.outline(answer?.outline?.map { turned(it, -apart) })
        camera?.lamp(demo.live.torch.value == true)
    }

    private fun act(action: Action) {
        if (perform(demo, action)) return
        when (action) {
            is Action.Open -> {
                screen = action.screen
                demo.show(null)
            }

            is Action.OpenLink -> open(Intent(Intent.ACTION_VIEW, Uri.parse(action.link)))

            is Action.Share -> open(
                Intent.createChooser(
                    Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, action.text),
                    null
                )
            )

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

    private fun startCamera() {
        val surface = content.viewfinder.texture.surfaceTexture ?: return
        if (camera != null) return
        camera = Camera(this, demo.live, surface, turn).also { it.open() }
    }

    @Suppress("DEPRECATION") // defaultDisplay is what Android 8 has.
    private fun screenQuarters(): Int = windowManager.defaultDisplay.rotation

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
        const val OTHERS_ALPHA = 0.75f
    }
}
