package org.mobileactnet

import java.io.File
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.json.JSONObject

class AnswerTrackerTest {
    private val cases = jsonOf(File(golden, "sightings.json")).getJSONArray("cases").objects()

    private fun frameOf(json: JSONObject): FrameAnswer {
        val hits = json.getJSONArray("hits").objects().map {
            Candidate(it.getString("key"), it.getLong("picture"), it.getDouble("similarity"), it.getInt("inliers"))
        }
        val outline = json.optJSONArray("outline")?.lists()?.map { Place(it.getDouble(0), it.getDouble(1)) }
        val verified = json.getBoolean("verified")
        return FrameAnswer(json.getDouble("at_ms"), hits.firstOrNull(), verified, outline, hits)
    }

    private fun told(sighting: Sighting): String = when (sighting) {
        Sighting.Looking -> "looking"
        is Sighting.Maybe -> "maybe " + sighting.candidates.joinToString(" ") { it.key }
        is Sighting.Verified -> "verified ${sighting.answer.key}" + if (sighting.outline == null) "" else " +"
    }

    @Test
    fun everyFrameGivesTheGoldenState() {
        assertTrue(cases.size > 10)
        for (case in cases) {
            val tracker = AnswerTracker()
            val states = case.getJSONArray("states")
            case.getJSONArray("frames").objects().forEachIndexed { place, frame ->
                val state = told(tracker.take(frameOf(frame)))
                assertEquals(states.getString(place), state, "${case.getString("name")}, frame $place")
            }
        }
    }

    @Test
    fun whatIsShownChangesAtMostOnceASecond() {
        var changes = 0
        for (case in cases) {
            val tracker = AnswerTracker()
            var shown = told(tracker.sighting)
            var changedMs = Double.NEGATIVE_INFINITY
            for (frame in case.getJSONArray("frames").objects().map(::frameOf)) {
                val next = told(tracker.take(frame)).removeSuffix(" +")
                if (next == shown) continue
                val calmMs = frame.atMs - changedMs
                assertTrue(calmMs >= 1000, "${case.getString("name")}: $shown, then $next after $calmMs ms")
                shown = next
                changedMs = frame.atMs
                changes++
            }
        }
        assertTrue(changes > 20, "only $changes changes")
    }

    @Test
    fun aVisitGoesFromLookingToAnAnswerAndToAnother() {
        val visit = cases.single { it.getString("name") == "visit" }.getJSONArray("states")
        val states = List(visit.length()) { visit.getString(it).removeSuffix(" +") }
        val changes = states.filterIndexed { place, state -> place == 0 || state != states[place - 1] }
        assertEquals(listOf("looking", "verified poster01", "looking", "verified poster02"), changes)
    }

    @Test
    fun anewMeansAtOnce() {
        val tracker = AnswerTracker()
        val answer = Candidate("a", 1, 0.6, 12)
        tracker.take(FrameAnswer(0.0, answer, verified = true))
        tracker.reset()
        assertEquals(Sighting.Looking, tracker.sighting)
        val next = tracker.take(FrameAnswer(1.0, answer.copy(key = "b"), verified = true))
        assertEquals("verified b", told(next))
    }
}
