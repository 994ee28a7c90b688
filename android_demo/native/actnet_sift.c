#include "actnet_sift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_octave.h"

enum { MAX_OCTAVES = 14, KEYPOINT_VALUES = 4, GRADIENTS = 128, LEAST_SIDE = 11 };

/* Blur that pixels are taken to have already. */
static const double PIXELS_BLUR = 0.5;

/* A descriptor's rows are read in whole vectors, also the last row of the last plane. */
enum { MARGIN = ACTNET_BLOCK };

/* All octaves' planes, in one piece of memory: a large piece that is freed is kept by the C library for the next
 * picture, and its pages need not be made again. Of an octave, the planes that describe places come first, and stay; the
 * next octave takes the place of the others. */
typedef struct {
  ActnetOctave octaves[MAX_OCTAVES];
  int count;
  float *values;
} Pyramid;

static int large_enough(int width, int height) { return width >= LEAST_SIDE && height >= LEAST_SIDE; }

static size_t values_of_all(int width, int height) {
  size_t kept = 0, most = 0;
  for (int number = 0; number < MAX_OCTAVES && large_enough(width, height); number++) {
    const size_t plane = actnet_plane_values(width, height), end = kept + ACTNET_OCTAVE_PLANES * plane;
    most = end > most ? end : most;
    kept += ACTNET_LAYERS * plane;
    width /= 2, height /= 2;
  }
  return most + MARGIN;
}

/* Returns where the next octave may begin. */
static float *place_planes(ActnetOctave *octave, int width, int height, float *values) {
  const size_t plane = actnet_plane_values(width, height);
  for (int layer = 0; layer < ACTNET_OCTAVE_PLANES; layer++) {
    const int place = layer == 0 ? ACTNET_LAYERS : layer <= ACTNET_LAYERS ? layer - 1 : layer;
    octave->planes[layer] = (ActnetPlane){width, height, actnet_stride(width), values + place * plane};
  }
  return values + ACTNET_LAYERS * plane;
}

/* The blur that brings the one of planes[layer - 1] to that of planes[layer]. */
static double blur_of(int layer) {
  double before = ACTNET_FIRST_BLUR * exp2((layer - 1) / (double)ACTNET_LAYERS);
  return before * sqrt(exp2(2.0 / ACTNET_LAYERS) - 1);
}

static void fill_first_plane(const uint8_t *grey, int times, ActnetPlane *plane, ActnetBlurRoom *room) {
  const double had = PIXELS_BLUR * times;
  const double missing = sqrt(ACTNET_FIRST_BLUR * ACTNET_FIRST_BLUR - had * had);
  if (times == 2)
    actnet_plane_doubled(grey, plane->width / 2, plane->height / 2, plane, room->row);
  else
    actnet_plane_of_bytes(grey, plane);
  actnet_blur(plane, plane, missing, room);
}

/* Octave by octave. */
static int fill_octaves(const uint8_t *grey, int width, int height, int times, Pyramid *pyramid,
                        ActnetBlurRoom *room, ActnetExtrema *extrema) {
  float *values = pyramid->values;
  for (; pyramid->count < MAX_OCTAVES && large_enough(width, height); width /= 2, height /= 2) {
    ActnetOctave *octave = pyramid->octaves + pyramid->count;
    values = place_planes(octave, width, height, values);
    /* The next octave begins with the plane that has twice the blur. */
    if (pyramid->count > 0)
      actnet_plane_halved((octave - 1)->planes + ACTNET_LAYERS, octave->planes);
    else
      fill_first_plane(grey, times, octave->planes, room);
    for (int layer = 1; layer < ACTNET_OCTAVE_PLANES; layer++)
      actnet_blur(octave->planes + layer - 1, octave->planes + layer, blur_of(layer), room);
    if (!actnet_find_extrema(octave, pyramid->count++, extrema)) return 0;
  }
  return 1;
}

static int build(const uint8_t *grey, int width, int height, int first_octave, Pyramid *pyramid,
                 ActnetExtrema *extrema) {
  const int times = first_octave < 0 ? 2 : 1;
  if (!large_enough(width * times, height * times)) return 1;
  ActnetBlurRoom room = {NULL, NULL};
  pyramid->values = malloc(values_of_all(width * times, height * times) * sizeof *pyramid->values);
  int ready = pyramid->values != NULL &&
              actnet_blur_room_open(&room, width * times, blur_of(ACTNET_OCTAVE_PLANES - 1));
  ready = ready && fill_octaves(grey, width * times, height * times, times, pyramid, &room, extrema);
  actnet_blur_room_close(&room);
  return ready;
}

/* The picture's pixels in one of an octave; a power of two. */
static float pixel_of(const ActnetExtremum *place, int first_octave) {
  return ldexpf(1, place->octave + first_octave);
}

static int compared(float one, float other) { return one < other ? -1 : one > other; }

/* Octaves are compared in pixels of the first. */
static int in_order(const void *one, const void *other) {
  const ActnetExtremum *a = one, *b = other;
  const float pixel = ldexpf(1, a->octave), other_pixel = ldexpf(1, b->octave);
  int order = compared(b->contrast, a->contrast);
  if (order == 0) order = compared(a->y * pixel, b->y * other_pixel);
  if (order == 0) order = compared(a->x * pixel, b->x * other_pixel);
  return order ? order : compared(a->scale * pixel, b->scale * other_pixel);
}

typedef struct {
  ActnetSiftSettings settings;
  float *keypoints, *gradients;
  int32_t count;
} Found;

/* Add a feature for each orientation of a place. */
static void describe(const Pyramid *pyramid, const ActnetExtremum *place, Found *found) {
  const ActnetPlane *plane = pyramid->octaves[place->octave].planes + place->layer;
  const float pixel = pixel_of(place, found->settings.first_octave);
  float angles[ACTNET_MAX_ORIENTATIONS];
  const int count = actnet_orientations(plane, place, angles);
  for (int k = 0; k < count && found->count < found->settings.count; k++, found->count++) {
    const float values[KEYPOINT_VALUES] = {place->x * pixel, place->y * pixel, 2 * place->scale * pixel, angles[k]};
    memcpy(found->keypoints + KEYPOINT_VALUES * (size_t)found->count, values, sizeof values);
    actnet_gradients(plane, place, angles[k], found->gradients + GRADIENTS * (size_t)found->count);
  }
}

int32_t actnet_sift(const uint8_t *grey, int width, int height, ActnetSiftSettings settings,
                    float *keypoints, float *gradients) {
  Pyramid pyramid = {0};
  ActnetExtrema extrema = {0};
  Found found = {settings, keypoints, gradients, 0};
  const int built = build(grey, width, height, settings.first_octave, &pyramid, &extrema);
  if (built && extrema.count > 0) qsort(extrema.items, extrema.count, sizeof *extrema.items, in_order);
  for (size_t k = 0; built && k < extrema.count && found.count < settings.count; k++)
    /* Searches from neighbouring pixels may end at one place. */
    if (k == 0 || in_order(extrema.items + k - 1, extrema.items + k)) describe(&pyramid, extrema.items + k, &found);
  free(extrema.items);
  free(pyramid.values);
  return built ? found.count : -1;
}
