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

/* A place in an octave. x, y and scale are in its pixels; scale is the blur at which the place stands out. */
typedef struct {
  float x, y, scale, angle_deg, contrast;
  int16_t octave, layer;
} ActnetExtremum;

typedef struct {
  ActnetExtremum *items;
  size_t count, room;
} ActnetExtrema;

/* Find an octave's extrema, one for each orientation, and add them. Returns 0 where no memory is left. */
int actnet_find_extrema(const ActnetOctave *octave, int number, ActnetExtrema *extrema);

/* Directions that the gradients around a place have most, in degrees, clockwise from the x axis. Returns how many
 * of `angles`, at most 18. */
enum { ACTNET_MAX_ORIENTATIONS = 18 };
int actnet_orientations(const ActnetPlane *plane, int column, int row, float scale,
                        float angles_deg[ACTNET_MAX_ORIENTATIONS]);

/* The 128 gradients around a place, 0 to 255. */
void actnet_gradients(const ActnetPlane *plane, const ActnetExtremum *place, float gradients[128]);

#endif
