/* One octave of SIFT: planes of growing blur, the extrema of their differences, and what describes a place. */
#ifndef ACTNET_OCTAVE_H
#define ACTNET_OCTAVE_H

#include <stddef.h>
#include <stdint.h>

#include "actnet_planes.h"

enum { ACTNET_LAYERS = 3, ACTNET_OCTAVE_PLANES = ACTNET_LAYERS + 3 };

/* Blur of an octave's first plane, in its pixels. */
#define ACTNET_FIRST_BLUR 1.6

/* planes[l] has a blur of 1.6 * 2^(l / 3) pixels. */
typedef struct {
  ActnetPlane planes[ACTNET_OCTAVE_PLANES];
} ActnetOctave;

/* A place that stands out. x, y and scale are in the octave's pixels; scale is the blur at which it does so most. */
typedef struct {
  float x, y, scale, contrast;
  int16_t octave, layer, column, row; /* the nearest plane and pixel */
} ActnetExtremum;

typedef struct {
  ActnetExtremum *items;
  size_t count, room;
} ActnetExtrema;

enum { ACTNET_MAX_ORIENTATIONS = 18 };

/* Find an octave's extrema and add them. Returns 0 where no memory is left. */
int actnet_find_extrema(const ActnetOctave *octave, int number, ActnetExtrema *extrema);

/* Directions that the gradients around a place have most, in degrees, clockwise from the x axis, the smallest first.
 * Returns how many. */
int actnet_orientations(const ActnetPlane *plane, const ActnetExtremum *place,
                        float angles_deg[ACTNET_MAX_ORIENTATIONS]);

/* The 128 gradients around a place, 0 to 255, as seen when its direction is the x axis. */
void actnet_gradients(const ActnetPlane *plane, const ActnetExtremum *place, float angle_deg,
                      float gradients[128]);

#endif
