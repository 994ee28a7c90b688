#include "actnet_octave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_processor.h"

enum { ANGLES = 36, CELLS = 4, BINS = 8, MAX_REACH = 48, ROOM = 2 * MAX_REACH + 8 };

static const float RADIANS = 0.017453292519943295F, TURN_DEG = 360.0F;

/* Of an orientation's histogram, over the blur of the place. */
static const float ORIENTATION_BLUR = 1.5F, ORIENTATION_REACH = 4.5F, SECOND_PEAK = 0.8F;

/* A cell of the descriptor over the blur, the largest share of one value, and what makes bytes of shares. */
static const float CELL_WIDTH = 3.0F, LARGEST_SHARE = 0.2F, BYTES = 512.0F;

/* Gradients of a row of pixels. */
typedef struct {
  int count;
  float across[ROOM], up[ROOM], lengths[ROOM], turns[ROOM]; /* what lies behind `count` means nothing */
} Row;

/* A row of a descriptor's square, pixel by pixel from `first` on, counted from the middle. */
typedef struct {
  int first;
  float along, across; /* the cell of the middle's column, and per column `cosine` and `sine` more */
  float cosine, sine, start, bell;
  const float *bells;
} Line;

/* What each pixel of a row gives the first of the eight nearest cells and bins, and to those beside, below and
 * beside that; and the share of the second bin. */
typedef struct {
  int32_t places[ROOM], inside[ROOM];
  float upper_left[ROOM], upper_right[ROOM], lower_left[ROOM], lower_right[ROOM], over[ROOM];
} Shares;

#include "actnet_gradients_rows.h"
#ifdef __x86_64__
#undef ACTNET_LANES
#define ACTNET_LANES 8
#include "actnet_gradients_rows.h"
#endif

static void read_row(const ActnetPlane *plane, int y, int first, int last, Row *row) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) {
    read_row_8(plane, y, first, last, row);
    return;
  }
#endif
  read_row_4(plane, y, first, last, row);
}

static void share_row(const Line *line, const Row *row, Shares *shares) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) {
    share_row_8(line, row, shares);
    return;
  }
#endif
  share_row_4(line, row, shares);
}

static int larger(int one, int other) { return one > other ? one : other; }

static int smaller(int one, int other) { return one < other ? one : other; }

/* The bell curve at whole pixels, the middle at MAX_REACH: its square in two dimensions is a product. */
static void fill_bell(float *bell, int reach, float deviation) {
  for (int k = 0; k <= reach; k++)
    bell[MAX_REACH + k] = bell[MAX_REACH - k] = expf(-(float)(k * k) / (2 * deviation * deviation));
}

static void smooth(const float *sums, float *histogram) {
  for (int k = 0; k < ANGLES; k++) {
    const float one = sums[(k + ANGLES - 1) % ANGLES] + sums[(k + 1) % ANGLES];
    const float two = sums[(k + ANGLES - 2) % ANGLES] + sums[(k + 2) % ANGLES];
    histogram[k] = two * (1.0F / 16) + one * (4.0F / 16) + sums[k] * (6.0F / 16);
  }
}

static int in_order(const void *one, const void *other) {
  const float a = *(const float *)one, b = *(const float *)other;
  return a < b ? -1 : a > b;
}

int actnet_orientations(const ActnetPlane *plane, const ActnetExtremum *place,
                        float angles_deg[ACTNET_MAX_ORIENTATIONS]) {
  const int column = place->column, row = place->row;
  float bell[ROOM], sums[ANGLES] = {0}, histogram[ANGLES], highest = 0;
  const int reach = smaller((int)rintf(ORIENTATION_REACH * place->scale), MAX_REACH);
  const int first = larger(column - reach, 1), last = smaller(column + reach, plane->width - 2);
  fill_bell(bell, reach, ORIENTATION_BLUR * place->scale);
  for (int y = larger(row - reach, 1); y <= smaller(row + reach, plane->height - 2); y++) {
    Row pixels;
    read_row(plane, y, first, last, &pixels);
    const float weight = bell[MAX_REACH + y - row], *bells = bell + MAX_REACH + first - column;
    for (int k = 0; k < pixels.count; k++) {
      int bin = (int)(pixels.turns[k] * ANGLES + 0.5F);
      sums[bin >= ANGLES ? bin - ANGLES : bin] += weight * bells[k] * pixels.lengths[k];
    }
  }
  smooth(sums, histogram);
  for (int k = 0; k < ANGLES; k++) highest = histogram[k] > highest ? histogram[k] : highest;
  int count = 0;
  for (int k = 0; k < ANGLES; k++) {
    float before = histogram[(k + ANGLES - 1) % ANGLES], behind = histogram[(k + 1) % ANGLES], peak = histogram[k];
    if (!(peak > before && peak > behind && peak >= SECOND_PEAK * highest)) continue;
    float bin = (float)k + 0.5F * (before - behind) / (before - 2 * peak + behind);
    bin = bin < 0 ? bin + ANGLES : bin >= ANGLES ? bin - ANGLES : bin;
    float angle = TURN_DEG - TURN_DEG / ANGLES * bin;
    angles_deg[count++] = angle >= TURN_DEG - 1e-5F ? 0 : angle;
  }
  qsort(angles_deg, (size_t)count, sizeof *angles_deg, in_order);
  return count;
}

/* Cells along and across the place's direction with one more around them, and one more bin than a turn has. */
typedef float Histogram[CELLS + 2][CELLS + 2][BINS + 2];

/* Two bins that lie beside each other. */
typedef float Pair __attribute__((vector_size(8)));

static inline void add_pair(float *bins, Pair values) {
  Pair sums;
  memcpy(&sums, bins, sizeof sums);
  sums += values;
  memcpy(bins, &sums, sizeof sums);
}

/* Add one gradient to the eight nearest cells and bins: four pairs of bins that lie beside each other. */
static inline void add_shares(Histogram histogram, const Shares *shares, int k) {
  float *bins = &histogram[0][0][0] + shares->places[k];
  const Pair pair = {1 - shares->over[k], shares->over[k]};
  add_pair(bins, shares->upper_left[k] * pair);
  add_pair(bins + (BINS + 2), shares->upper_right[k] * pair);
  add_pair(bins + (CELLS + 2) * (BINS + 2), shares->lower_left[k] * pair);
  add_pair(bins + (CELLS + 3) * (BINS + 2), shares->lower_right[k] * pair);
}

/* The columns, counted from the middle, for which `start + column * slope` lies between -1 and CELLS; a column more
 * on either side, so that rounding leaves none out. */
static void narrow(float start, float slope, int *first, int *last) {
  if (fabsf(slope) < 1e-6F) return;
  const float one = (-1 - start) / slope, other = (CELLS - start) / slope;
  const float low = one < other ? one : other, high = one < other ? other : one;
  if (low > (float)*first) *first = (int)low - 1 > *first ? (int)low - 1 : *first;
  if (high < (float)*last) *last = (int)high + 1 < *last ? (int)high + 1 : *last;
}

/* Cut off what stands out, and bring all to bytes. */
static void finish(Histogram histogram, float *gradients) {
  float squares = 0;
  for (int row = 0, k = 0; row < CELLS; row++)
    for (int column = 0; column < CELLS; column++) {
      float *bins = histogram[row + 1][column + 1];
      bins[0] += bins[BINS];
      for (int bin = 0; bin < BINS; bin++, k++) {
        gradients[k] = bins[bin];
        squares += bins[bin] * bins[bin];
      }
    }
  const float most = sqrtf(squares) * LARGEST_SHARE;
  squares = 0;
  for (int k = 0; k < CELLS * CELLS * BINS; k++) {
    gradients[k] = gradients[k] < most ? gradients[k] : most;
    squares += gradients[k] * gradients[k];
  }
  const float scale = BYTES / (squares > 1e-14F ? sqrtf(squares) : 1e-7F);
  for (int k = 0; k < CELLS * CELLS * BINS; k++) {
    float value = rintf(gradients[k] * scale);
    gradients[k] = value < 255 ? value : 255;
  }
}

void actnet_gradients(const ActnetPlane *plane, const ActnetExtremum *place, float angle_deg,
                      float gradients[128]) {
  Histogram histogram;
  float bell[ROOM] = {0};
  memset(histogram, 0, sizeof histogram);
  const float turn_deg = TURN_DEG - angle_deg, width = CELL_WIDTH * place->scale;
  const float cosine = cosf(turn_deg * RADIANS) / width, sine = sinf(turn_deg * RADIANS) / width;
  const int column = (int)rintf(place->x), row = (int)rintf(place->y);
  const int reach = smaller((int)rintf(width * 1.41421356F * (CELLS + 1) * 0.5F), MAX_REACH);
  /* Bins are counted from the place's direction; whole turns are added so that none is negative. */
  const float start = 2 * BINS - turn_deg / TURN_DEG * BINS, middle = CELLS / 2 - 0.5F;
  fill_bell(bell, reach, width * CELLS / 2);
  for (int y = larger(row - reach, 1); y <= smaller(row + reach, plane->height - 2); y++) {
    Row pixels;
    Shares shares;
    const int down = y - row;
    const float along = middle - (float)down * sine, across = middle + (float)down * cosine;
    int first = larger(-reach, 1 - column), last = smaller(reach, plane->width - 2 - column);
    narrow(along, cosine, &first, &last);
    narrow(across, sine, &first, &last);
    read_row(plane, y, column + first, column + last, &pixels);
    const Line line = {first, along, across, cosine, sine, start, bell[MAX_REACH + down], bell + MAX_REACH + first};
    share_row(&line, &pixels, &shares);
    for (int k = 0; k < pixels.count; k++)
      if (shares.inside[k]) add_shares(histogram, &shares, k);
  }
  finish(histogram, gradients);
}
