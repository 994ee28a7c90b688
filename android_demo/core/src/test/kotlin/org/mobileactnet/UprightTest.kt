package org.mobileactnet

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals

class UprightTest {
    @Test
    fun aQuarterTurnStaysUntilThePhoneIsWellBeyondIt() {
        val turn = PhoneTurn()
        val felt = listOf(0, 44, 46, 60, 61, 90, 46, 31, 29, 350, 290, 270, 225, 211, 209, 180)
        val turns = felt.map {
            turn.take(it)
            turn.degrees
        }
        assertEquals(listOf(0, 0, 0, 0, 90, 90, 90, 90, 0, 0, 270, 270, 270, 270, 180, 180), turns)
    }

    @Test
    fun aPhoneThatLiesFlatKeepsItsTurn() {
        val turn = PhoneTurn()
        turn.take(90)
        turn.take(-1)
        assertEquals(90, turn.degrees)
    }

    /** The scene's top is where the sensor, turned with the phone, has it: worked out by hand with a pixel in its corner. */
    @Test
    fun aPhoneHeldSidewaysGivesUprightFrames() {
        // A sensor built in at 90 degrees sees a scene whose top left is red.
        val red = byteArrayOf(9, 0, 0)
        val other = ByteArray(3)
        // Upright, phone usual: the sensor's picture is turned 90 degrees against the clock, red at bottom left.
        val usual = RgbPicture(2, 2, other + other + red + other)
        assertContentEquals(red, upright(usual, frameOrientation(90, 0, false)).bytes.copyOf(3))
        // Left side up: the sensor lies 180 degrees from the scene, red at bottom right.
        val leftUp = RgbPicture(2, 2, other + other + other + red)
        assertContentEquals(red, upright(leftUp, frameOrientation(90, 90, false)).bytes.copyOf(3))
        // Right side up: the sensor sees the scene as it is.
        val rightUp = RgbPicture(2, 2, red + other + other + other)
        assertContentEquals(red, upright(rightUp, frameOrientation(90, 270, false)).bytes.copyOf(3))
    }

    @Test
    fun theCameraBesideTheScreenTurnsTheOtherWay() {
        assertEquals(orientationOf(180), frameOrientation(270, 90, true))
        assertEquals(orientationOf(0), frameOrientation(270, 90, false))
    }

    @Test
    fun placesTurnWithTheFrame() {
        val place = Place(0.25, 0.125)
        assertEquals(Place(0.875, 0.25), turned(place, 90))
        assertEquals(Place(0.75, 0.875), turned(place, 180))
        assertEquals(Place(0.125, 0.75), turned(place, -90))
        assertEquals(place, turned(place, 720))
    }
}
