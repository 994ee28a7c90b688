#include "actnet_sift.h"

#include <math.h>
#include <stdlib.h>

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
  double missing = sqrt(ACTNET_FIRST_BLUR * ACTNET_FIRST_BLUR - had * had);
  int ready = actnet_plane_open(plane, width * times, height * times) &&
              actnet_blur_room_open(&room, width * times, missing);
  if (ready && times == 2) actnet_plane_doubled(grey, width, height, plane);
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

/* In the picture's pixels; all factors are powers of two. */
static void in_picture(ActnetExtremum *place, int first_octave) {
  const float pixel = ldexpf(1, place->octave + first_octave);
  place->x *= pixel, place->y *= pixel, place->scale *= pixel;
}

static ActnetExtremum in_octave(const ActnetExtremum *place, int first_octave) {
  ActnetExtremum moved = *place;
  const float pixel = ldexpf(1, -(place->octave + first_octave));
  moved.x *= pixel, moved.y *= pixel, moved.scale *= pixel;
  return moved;
}

static int compared(float one, float other) { return one < other ? -1 : one > other; }

static int in_order(const void *one, const void *other) {
  const ActnetExtremum *a = one, *b = other;
  int order = compared(b->contrast, a->contrast);
  if (order == 0) order = compared(a->y, b->y);
  if (order == 0) order = compared(a->x, b->x);
  if (order == 0) order = compared(a->angle_deg, b->angle_deg);
  return order ? order : compared(a->scale, b->scale);
}

static int32_t describe(const Pyramid *pyramid, const ActnetExtrema *extrema, ActnetSiftSettings settings,
                        float *keypoints, float *gradients) {
  int32_t count = 0;
  for (size_t k = 0; k < extrema->count && count < settings.count; k++) {
    const ActnetExtremum *place = extrema->items + k;
    /* Searches from neighbouring pixels may end at one place. */
    if (k > 0 && in_order(place - 1, place) == 0) continue;
    const float values[] = {place->x, place->y, 2 * place->scale, place->angle_deg};
    for (int value = 0; value < KEYPOINT_VALUES; value++)
      keypoints[KEYPOINT_VALUES * (size_t)count + value] = values[value];
    const ActnetExtremum moved = in_octave(place, settings.first_octave);
    actnet_gradients(pyramid->octaves[place->octave].planes + place->layer, &moved,
                     gradients + GRADIENTS * (size_t)count);
    count++;
  }
  return count;
}

int32_t actnet_sift(const uint8_t *grey, int width, int height, ActnetSiftSettings settings,
                    float *keypoints, float *gradients) {
  Pyramid pyramid = {0};
  ActnetExtrema extrema = {0};
  int32_t count = -1;
  if (build(grey, width, height, settings.first_octave, &pyramid, &extrema)) {
    for (size_t k = 0; k < extrema.count; k++) in_picture(extrema.items + k, settings.first_octave);
    if (extrema.count > 0) qsort(extrema.items, extrema.count, sizeof *extrema.items, in_order);
    count = describe(&pyramid, &extrema, settings, keypoints, gradients);
  }
  free(extrema.items);
  pyramid_close(&pyramid);
  return count;
}
