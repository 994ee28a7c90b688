#include "actnet_sift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_octave.h"

enum { MAX_OCTAVES = 14, KEYPOINT_VALUES = 4, GRADIENTS = 128, LEAST_SIDE = 11 };

/* Blur that pixels are taken to have already. */
static const double PIXELS_BLUR = 0.5;

/* Of every octave, the planes that describe places: only those between the first and the last two. */
typedef struct {
  ActnetOctave octaves[MAX_OCTAVES];
  int count;
} Pyramid;

static void octave_close(ActnetOctave *octave) {
  for (int k = 0; k < ACTNET_OCTAVE_PLANES; k++) actnet_plane_close(octave->planes + k);
}

static void pyramid_close(Pyramid *pyramid) {
  for (int k = 0; k < MAX_OCTAVES; k++) octave_close(pyramid->octaves + k);
}

/* The blur that brings the one of planes[layer - 1] to that of planes[layer]. */
static double blur_of(int layer) {
  double before = ACTNET_FIRST_BLUR * exp2((layer - 1) / (double)ACTNET_LAYERS);
  return before * sqrt(exp2(2.0 / ACTNET_LAYERS) - 1);
}

static int first_plane(const uint8_t *grey, int width, int height, int first_octave, ActnetPlane *plane) {
  const int times = first_octave < 0 ? 2 : 1;
  const double had = PIXELS_BLUR * times;
  ActnetBlurRoom room = {NULL, NULL};
  const double missing = sqrt(ACTNET_FIRST_BLUR * ACTNET_FIRST_BLUR - had * had);
  int ready = actnet_plane_open(plane, width * times, height * times) &&
              actnet_blur_room_open(&room, width * times, missing);
  if (ready && times == 2) actnet_plane_doubled(grey, width, height, plane, room.row);
  if (ready && times == 1) actnet_plane_of_bytes(grey, plane);
  if (ready) actnet_blur(plane, plane, missing, &room);
  actnet_blur_room_close(&room);
  return ready;
}

/* Fill an octave whose first plane is there. */
static int fill_octave(ActnetOctave *octave) {
  const ActnetPlane first = octave->planes[0];
  ActnetBlurRoom room = {NULL, NULL};
  int ready = actnet_blur_room_open(&room, first.width, blur_of(ACTNET_OCTAVE_PLANES - 1));
  for (int layer = 1; ready && layer < ACTNET_OCTAVE_PLANES; layer++) {
    ready = actnet_plane_open(octave->planes + layer, first.width, first.height);
    if (ready) actnet_blur(octave->planes + layer - 1, octave->planes + layer, blur_of(layer), &room);
  }
  actnet_blur_room_close(&room);
  return ready;
}

/* The next octave begins with the plane that has twice the blur. */
static int next_octave(const ActnetOctave *octave, ActnetOctave *next) {
  const ActnetPlane *from = octave->planes + ACTNET_LAYERS;
  if (!actnet_plane_open(next->planes, from->width / 2, from->height / 2)) return 0;
  actnet_plane_halved(from, next->planes);
  return 1;
}

static int large_enough(int width, int height) { return width >= LEAST_SIDE && height >= LEAST_SIDE; }

/* Octave by octave; planes that are not needed any more are freed, so that one octave lies whole in memory. */
static int build(const uint8_t *grey, int width, int height, int first_octave, Pyramid *pyramid,
                 ActnetExtrema *extrema) {
  ActnetOctave *octave = pyramid->octaves;
  const int times = first_octave < 0 ? 2 : 1;
  if (!large_enough(width * times, height * times)) return 1;
  if (!first_plane(grey, width, height, first_octave, octave->planes)) return 0;
  for (int number = 0;; number++, octave++) {
    if (!fill_octave(octave) || !actnet_find_extrema(octave, number, extrema)) return 0;
    pyramid->count = number + 1;
    const int more = number + 1 < MAX_OCTAVES &&
                     large_enough(octave->planes[0].width / 2, octave->planes[0].height / 2);
    if (more && !next_octave(octave, octave + 1)) return 0;
    actnet_plane_close(octave->planes);
    for (int k = ACTNET_LAYERS + 1; k < ACTNET_OCTAVE_PLANES; k++) actnet_plane_close(octave->planes + k);
    if (!more) return 1;
  }
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
  pyramid_close(&pyramid);
  return built ? found.count : -1;
}
