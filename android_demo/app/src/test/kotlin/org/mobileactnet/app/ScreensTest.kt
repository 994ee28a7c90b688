package org.mobileactnet.app

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject
import org.mobileactnet.golden
import org.mobileactnet.jsonOf
import org.mobileactnet.objects

class ScreensTest {
    private val expected = jsonOf(File(golden, "screens.json")).getJSONArray("states").objects()
        .filter { it.optString("only", "android") == "android" }

    /** Writes what the app shows beside what it must show, for a person to compare. */
    @Test
    fun everyStateShowsWhatBothAppsMustShow() {
        val drawn = JSONArray()
        for (state in screenStates) {
            val json = JSONObject().put("name", state.name)
            state.only?.let { json.put("only", it) }
            for (language in listOf("en", "de")) json.put(language, told(state.content(wordsOf(language))))
            drawn.put(json)
        }
        File(requireNotNull(System.getProperty("report"))).resolveSibling("screens.json")
            .writeText(JSONObject().put("states", drawn).toString(1))
        assertEquals(expected.map { it.getString("name") }, screenStates.map { it.name })
        for ((wanted, shown) in expected.zip(drawn.objects())) {
            for (language in listOf("en", "de")) {
                val name = "${wanted.getString("name")}, $language"
                assertEquals(
                    wanted.getJSONObject(language).toString(1),
                    shown.getJSONObject(language).toString(1),
                    name
                )
            }
        }
    }

    private fun told(content: ScreenContent) =
        JSONObject().put("title", content.title).put("blocks", JSONArray(content.blocks.map(::told)))

    private fun told(block: Block): JSONObject = when (block) {
        is Block.Preview -> of(
            "preview",
            "label" to block.label,
            "outline" to (block.outline != null),
            "aims" to block.aims
        )

        is Block.Heading -> of("heading", "text" to block.text, "announced" to block.announced)

        is Block.Paragraph -> of("paragraph", "text" to block.text)

        is Block.Problem -> of("problem", "text" to block.text)

        is Block.Button -> of("button", "text" to block.text, "action" to told(block.action))

        is Block.Choice -> of(
            "choice",
            "title" to block.title,
            "options" to JSONArray(block.options.map(::told)),
            "stacked" to block.stacked
        )

        is Block.Progress -> of("progress", "text" to block.text, "share" to block.share)

        is Block.PictureRow ->
            of("row", "title" to block.title, "detail" to block.detail, "action" to told(block.action))

        is Block.LargePicture -> of("picture", "label" to block.label)

        is Block.Field ->
            of("field", "label" to block.label, "text" to block.text, "input" to block.input.name.lowercase())
    }

    private fun told(option: Option) =
        JSONObject().put("text", option.text).put("chosen", option.chosen).put("label", option.label)

    private fun of(kind: String, vararg facts: Pair<String, Any>) =
        facts.fold(JSONObject().put("kind", kind)) { json, (name, value) -> json.put(name, value) }

    private fun told(action: Action): String = when (action) {
        is Action.Open -> "open ${action.screen.name.lowercase()}"
        is Action.ShowPicture -> "show ${action.id}"
        is Action.Pick -> "pick ${action.id}"
        is Action.Measure -> "measure ${action.sustainedS}"
        is Action.Freeze -> if (action.on) "freeze" else "unfreeze"
        is Action.Torch -> if (action.on) "torch on" else "torch off"
        is Action.OpenLink -> "link ${action.link}"
        is Action.Share -> "share ${action.text}"
        is Action.Delete -> "delete"
        is Action.Rename -> "rename"
        else -> action.javaClass.simpleName.replace(Regex("(?<=.)([A-Z])")) { " ${it.value}" }.lowercase()
    }

    @Test
    fun aLinkOfTheCatalogueLeadsOutOnlyWhereItIsSafe() {
        for (link in listOf(
            "https://example.org/a?b=c#d",
            "http://example.org",
            "mailto:shop@example.org",
            " HTTPS://a.b "
        )) {
            assertEquals(link.trim(), safeLink(link))
        }
        val unsafe = listOf(
            "javascript:alert(1)", "file:///data/x", "intent://x#Intent;end", "content://media/1", "tel:1", "https://",
            "https://a b", "https://a\nb", "", "//example.org", "market://details", "data:text/html,x"
        )
        for (link in unsafe) assertNull(safeLink(link), link)
    }

    @Test
    fun onlyPhotosOfThisPhoneCanBeDeletedOrNamed() {
        val actions = { name: String ->
            screenStates.single {
                it.name == name
            }.content(english).blocks.filterIsInstance<Block.Button>().map { it.action }
        }
        assertContains(actions("item of the phone"), Action.Delete(mine.path))
        assertTrue(actions("item").none { it is Action.Delete || it is Action.Rename })
    }

    @Test
    fun figuresAreForDevelopersAlone() {
        val figure = Regex("similarity [0-9]|[0-9] ms|[0-9] x [0-9]|values of")
        for (state in screenStates.filterNot { "developers" in it.name }) {
            val texts = state.content(english).blocks.filterIsInstance<Block.Paragraph>().map { it.text }
            assertFalse(texts.any(figure::containsMatchIn), "${state.name}: $texts")
        }
    }

    /** VoiceOver says the same. */
    @Test
    fun answersAndProblemsAreSaidByThemselves() {
        for (state in screenStates) {
            val announced = state.content(english).blocks.filter { it.isAnnounced }
            assertTrue(announced.all { it is Block.Heading || it is Block.Problem }, state.name)
            val answered = state.name.startsWith("verified") || state.name == "maybe"
            val refused = "refused" in state.name || "failed" in state.name
            assertFalse((answered || refused) && announced.isEmpty(), state.name)
        }
        val unsaid = listOf("looking", "seen", "catalogue", "item", "about on Android")
        for (state in screenStates.filter { it.name in unsaid }) {
            assertTrue(state.content(english).blocks.none { it.isAnnounced }, state.name)
        }
    }

    @Test
    fun whereBackLeadsFrom(): Unit = onPhone {
        Demo(this).use { demo ->
            demo.open()
            assertNull(backFrom(demo, Screen.LIVE))
            assertEquals(Screen.LIVE, backFrom(demo, Screen.RESULTS))
            assertEquals(Screen.LIVE, backFrom(demo, Screen.GALLERY))
            assertEquals(Screen.SETTINGS, backFrom(demo, Screen.BENCHMARK))
            demo.show(3)
            assertEquals(Screen.LIVE, backFrom(demo, Screen.LIVE))
        }
    }
}
