#include "actnet_planes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_processor.h"

enum { MAX_RADIUS = 32 };

/* Half of a symmetric kernel: the middle first. */
typedef struct {
  int radius;
  float weights[MAX_RADIUS + 1];
} Kernel;

int actnet_stride(int width) { return (width + ACTNET_BLOCK - 1) / ACTNET_BLOCK * ACTNET_BLOCK; }

size_t actnet_plane_values(int width, int height) { return (size_t)actnet_stride(width) * (size_t)height; }

static void end_row(float *row, int width, int stride) {
  memset(row + width, 0, (size_t)(stride - width) * sizeof *row);
}

/* OpenCV's radius for floats: four standard deviations. */
static int radius_of(double deviation) {
  int radius = ((int)rint(deviation * 8 + 1) | 1) / 2;
  return radius < MAX_RADIUS ? radius : MAX_RADIUS;
}

static Kernel kernel_of(double deviation) {
  Kernel kernel = {.radius = radius_of(deviation)};
  double weights[MAX_RADIUS + 1], total = 0;
  for (int k = 0; k <= kernel.radius; k++) {
    weights[k] = exp(-k * k / (2 * deviation * deviation));
    total += k == 0 ? weights[k] : 2 * weights[k];
  }
  for (int k = 0; k <= kernel.radius; k++) kernel.weights[k] = (float)(weights[k] / total);
  return kernel;
}

int actnet_blur_room_open(ActnetBlurRoom *room, int width, double deviation) {
  size_t taps = 2 * (size_t)radius_of(deviation) + 1, stride = actnet_stride(width);
  room->row = calloc(stride + taps, sizeof(float));
  room->rows = malloc(taps * stride * sizeof(float));
  return room->row != NULL && room->rows != NULL;
}

void actnet_blur_room_close(ActnetBlurRoom *room) {
  free(room->row);
  free(room->rows);
  *room = (ActnetBlurRoom){NULL, NULL};
}

int actnet_mirrored(int index, int count) {
  if (count == 1) return 0;
  while (index < 0 || index >= count) index = index < 0 ? -index : 2 * (count - 1) - index;
  return index;
}

#include "actnet_planes_rows.h"
#ifdef __x86_64__
#undef ACTNET_LANES
#define ACTNET_LANES 8
#include "actnet_planes_rows.h"
#endif

static void weigh(const Kernel *kernel, const float *const *rows, float *sum, int stride) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) {
    weigh_8(kernel, rows, sum, stride);
    return;
  }
#endif
  weigh_4(kernel, rows, sum, stride);
}

static void blur_row(const Kernel *kernel, const ActnetPlane *from, int y, float *room, float *blurred) {
  const float *row = from->values + (size_t)from->stride * y, *shifted[2 * MAX_RADIUS + 1];
  for (int k = 0; k < kernel->radius; k++) {
    room[k] = row[actnet_mirrored(k - kernel->radius, from->width)];
    room[kernel->radius + from->width + k] = row[actnet_mirrored(from->width + k, from->width)];
  }
  memcpy(room + kernel->radius, row, (size_t)from->width * sizeof *row);
  for (int k = 0; k <= 2 * kernel->radius; k++) shifted[k] = room + k;
  weigh(kernel, shifted, blurred, from->stride);
}

/* Rows that are blurred along x lie in a ring, until their column is blurred too: few enough for the cache. */
void actnet_blur(const ActnetPlane *from, ActnetPlane *to, double deviation, ActnetBlurRoom *room) {
  const Kernel kernel = kernel_of(deviation);
  const int taps = 2 * kernel.radius + 1;
  const float *rows[2 * MAX_RADIUS + 1];
  for (int y = 0, ready = 0; y < from->height; y++) {
    for (; ready < from->height && ready <= y + kernel.radius; ready++)
      blur_row(&kernel, from, ready, room->row, room->rows + (size_t)from->stride * (ready % taps));
    for (int k = 0; k < taps; k++) {
      int source = actnet_mirrored(y + k - kernel.radius, from->height);
      rows[k] = room->rows + (size_t)from->stride * (source % taps);
    }
    weigh(&kernel, rows, to->values + (size_t)to->stride * y, to->stride);
  }
}

void actnet_plane_of_bytes(const uint8_t *bytes, ActnetPlane *plane) {
  for (int y = 0; y < plane->height; y++) {
    float *row = plane->values + (size_t)plane->stride * y;
    for (int x = 0; x < plane->width; x++) row[x] = bytes[(size_t)plane->width * y + x];
    end_row(row, plane->width, plane->stride);
  }
}

/* A row of twice the width: between two pixels, a quarter of the way from the nearer one. */
static void double_row(const float *row, float *doubled, int width) {
  for (int x = 0; x < width; x++) {
    const float before = row[x > 0 ? x - 1 : 0], behind = row[x + 1 < width ? x + 1 : x];
    doubled[2 * x] = 0.75F * row[x] + 0.25F * before;
    doubled[2 * x + 1] = 0.75F * row[x] + 0.25F * behind;
  }
}

void actnet_plane_doubled(const uint8_t *bytes, int width, int height, ActnetPlane *doubled, float *room) {
  for (int y = 0; y < 2 * height; y++) {
    const int near = y / 2, far = near + (y % 2 ? 1 : -1);
    const uint8_t *one = bytes + (size_t)width * near;
    const uint8_t *other = bytes + (size_t)width * (far < 0 ? 0 : far < height ? far : height - 1);
    for (int x = 0; x < width; x++) room[x] = 0.75F * one[x] + 0.25F * other[x];
    float *row = doubled->values + (size_t)doubled->stride * y;
    double_row(room, row, width);
    end_row(row, doubled->width, doubled->stride);
  }
}

void actnet_plane_halved(const ActnetPlane *plane, ActnetPlane *half) {
  /* Of an odd number of pixels the places are a little more than two apart. */
  double across = (double)plane->width / half->width, down = (double)plane->height / half->height;
  for (int y = 0; y < half->height; y++) {
    const float *row = plane->values + (size_t)plane->stride * (int)(y * down);
    float *reduced = half->values + (size_t)half->stride * y;
    for (int x = 0; x < half->width; x++) reduced[x] = row[(int)(x * across)];
    end_row(reduced, half->width, half->stride);
  }
}
