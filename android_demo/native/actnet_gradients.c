#include "actnet_octave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_lanes.h"

enum { ANGLES = 36, CELLS = 4, BINS = 8, MAX_REACH = 48, ROOM = 2 * MAX_REACH + 4 };

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

/* Lengths, and angles in turns, 0 to 1, against the clock.
 *
 * The arctangent is the polynomial 4.4.49 of Abramowitz and Stegun, right within 1e-5; the square root of 1 + s is one
 * that was fitted by least squares, right within 3e-6: neither needs a library, and four go at once. */
static void measure(Row *row) {
  const ActnetLanes zero = actnet_same(0), one = actnet_same(1);
  for (int k = 0; k < row->count; k += ACTNET_LANES) {
    const ActnetLanes across = actnet_load(row->across + k), up = actnet_load(row->up + k);
    const ActnetLanes wide = actnet_absolute(across), high = actnet_absolute(up);
    const ActnetMask flat = wide > high;
    const ActnetLanes more = actnet_chosen(flat, wide, high), less = actnet_chosen(flat, high, wide);
    const ActnetLanes t = less / (more + 1e-20F), s = t * t;
    ActnetLanes turn = t * (0.1591336F + s * (-0.0525688F + s * (0.0286703F + s * (-0.0135494F + s * 0.0033160F))));
    turn = actnet_chosen(flat, turn, 0.25F - turn);
    turn = actnet_chosen(across < zero, 0.5F - turn, turn);
    actnet_store(row->turns + k, actnet_chosen(up < zero, one - turn, turn));
    const ActnetLanes root = 1 + s * (0.4999189F + s * (-0.1237678F + s * (0.0561048F + s * (-0.0231448F + s * 0.0051037F))));
    actnet_store(row->lengths + k, more * root);
  }
}

/* Gradients of row `y` from column `first` to `last`, none of them at the picture's edge. */
static void read_row(const ActnetPlane *plane, int y, int first, int last, Row *row) {
  const float *above = plane->values + (size_t)plane->stride * (y - 1);
  const float *here = above + plane->stride, *below = here + plane->stride;
  row->count = last < first ? 0 : last - first + 1;
  for (int k = 0; k < row->count; k++) {
    row->across[k] = here[first + k + 1] - here[first + k - 1];
    row->up[k] = above[first + k] - below[first + k];
  }
  measure(row);
}

static int larger(int one, int other) { return one > other ? one : other; }

static int smaller(int one, int other) { return one < other ? one : other; }

/* The bell curve at whole pixels: its square in two dimensions is a product. */
static void fill_bell(float *bell, int reach, float deviation) {
  for (int k = 0; k <= reach; k++) bell[k] = expf(-(float)(k * k) / (2 * deviation * deviation));
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
  float bell[MAX_REACH + 1], sums[ANGLES] = {0}, histogram[ANGLES], highest = 0;
  const int reach = smaller((int)rintf(ORIENTATION_REACH * place->scale), MAX_REACH);
  const int first = larger(column - reach, 1), last = smaller(column + reach, plane->width - 2);
  fill_bell(bell, reach, ORIENTATION_BLUR * place->scale);
  for (int y = larger(row - reach, 1); y <= smaller(row + reach, plane->height - 2); y++) {
    Row pixels;
    read_row(plane, y, first, last, &pixels);
    const float weight = bell[y > row ? y - row : row - y];
    for (int k = 0; k < pixels.count; k++) {
      int away = first + k - column, bin = (int)(pixels.turns[k] * ANGLES + 0.5F);
      sums[bin >= ANGLES ? bin - ANGLES : bin] += weight * bell[away < 0 ? -away : away] * pixels.lengths[k];
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

/* Share one gradient among the eight nearest cells and bins. All three places are above -1, `turned` in bins. */
static void share(Histogram histogram, float along, float across, float turned, float weight) {
  const int left = (int)(along + 1), top = (int)(across + 1), low = (int)turned, bin = low & (BINS - 1);
  const float right = along + 1 - (float)left, down = across + 1 - (float)top, over = turned - (float)low;
  const float lower = weight * down, upper = weight - lower;
  const float upper_right = upper * right, lower_right = lower * right;
  const Pair shares = {1 - over, over};
  add_pair(histogram[top][left] + bin, (upper - upper_right) * shares);
  add_pair(histogram[top][left + 1] + bin, upper_right * shares);
  add_pair(histogram[top + 1][left] + bin, (lower - lower_right) * shares);
  add_pair(histogram[top + 1][left + 1] + bin, lower_right * shares);
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
  float bell[MAX_REACH + 1];
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
    const int down = y - row;
    const float along_row = middle - (float)down * sine, across_row = middle + (float)down * cosine;
    int first = larger(-reach, 1 - column), last = smaller(reach, plane->width - 2 - column);
    narrow(along_row, cosine, &first, &last);
    narrow(across_row, sine, &first, &last);
    read_row(plane, y, column + first, column + last, &pixels);
    for (int k = 0; k < pixels.count; k++) {
      const int right = first + k;
      const float along = along_row + (float)right * cosine, across = across_row + (float)right * sine;
      if (!(along > -1 && along < CELLS && across > -1 && across < CELLS)) continue;
      const float weight = bell[right < 0 ? -right : right] * bell[down < 0 ? -down : down];
      share(histogram, along, across, start + pixels.turns[k] * BINS, weight * pixels.lengths[k]);
    }
  }
  finish(histogram, gradients);
}
