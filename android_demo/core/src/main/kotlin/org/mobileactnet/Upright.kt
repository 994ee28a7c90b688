/* Frames stand upright by gravity, however the phone is held and whatever its screen does. */
package org.mobileactnet

import kotlin.math.abs

private const val QUARTER = 90
private const val WHOLE = 360

/** How far beyond a quarter turn the phone must be before the next one counts, so that 45 degrees do not flicker. */
private const val STAYS_WITHIN = 60

/** Keeps the quarter turn in which a phone is held. */
class PhoneTurn {
    /** 0, 90, 180 or 270 degrees clockwise from the phone's usual position. */
    @Volatile
    var degrees = 0
        private set

    /**
     * Takes in what the phone feels.
     *
     * @param felt 0 to 359 degrees clockwise; another number while it lies flat, which changes nothing.
     */
    fun take(felt: Int) {
        if (felt !in 0 until WHOLE) return
        val apart = abs((felt - degrees + WHOLE + WHOLE / 2) % WHOLE - WHOLE / 2)
        if (apart > STAYS_WITHIN) degrees = (felt + QUARTER / 2) / QUARTER * QUARTER % WHOLE
    }
}

/**
 * The EXIF orientation that turns a camera's frame upright.
 *
 * @param sensorDegrees how the camera is built in, clockwise, 0, 90, 180 or 270.
 * @param phoneDegrees of [PhoneTurn].
 * @param facesUser whether it is the camera beside the screen.
 */
fun frameOrientation(sensorDegrees: Int, phoneDegrees: Int, facesUser: Boolean): Int =
    orientationOf(if (facesUser) sensorDegrees - phoneDegrees else sensorDegrees + phoneDegrees)

/** A place in shares of a frame, after the frame was turned clockwise by 0, 90, 180 or 270 degrees. */
fun turned(place: Place, degrees: Int): Place = when (degrees.mod(WHOLE)) {
    QUARTER -> Place(1 - place.y, place.x)
    2 * QUARTER -> Place(1 - place.x, 1 - place.y)
    3 * QUARTER -> Place(place.y, 1 - place.x)
    else -> place
}
