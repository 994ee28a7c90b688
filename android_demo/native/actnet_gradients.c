#include "actnet_octave.h"

#include <math.h>
#include <string.h>

enum { ANGLES = 36, CELLS = 4, BINS = 8, MAX_REACH = 48, MAX_SIDE = 2 * MAX_REACH + 1 };

static const float RADIANS = 0.017453292519943295F, TURN_DEG = 360.0F;

/* Of an orientation's histogram, over the blur of the place. */
static const float ORIENTATION_BLUR = 1.5F, ORIENTATION_REACH = 4.5F, SECOND_PEAK = 0.8F;

/* A cell of the descriptor over the blur, the largest share of one value, and what makes bytes of shares. */
static const float CELL_WIDTH = 3.0F, LARGEST_SHARE = 0.2F, BYTES = 512.0F;

/* Gradients of a row of pixels. */
typedef struct {
  int count;
  float across[MAX_SIDE], up[MAX_SIDE], lengths[MAX_SIDE], turns[MAX_SIDE];
} Row;

/* Lengths, and angles in turns, 0 to 1, against the clock. The arctangent is the polynomial 4.4.49 of Abramowitz
 * and Stegun, which is right within 1e-5. */
static void measure(Row *row) {
  const int count = (row->count + 3) / 4 * 4;
  for (int k = row->count; k < count; k++) row->across[k] = row->up[k] = 0;
  for (int k = 0; k < count; k++) {
    float across = row->across[k], up = row->up[k];
    float wide = fabsf(across), high = fabsf(up);
    float more = wide > high ? wide : high, less = wide > high ? high : wide;
    float t = less / (more + 1e-20F), s = t * t;
    float turn = t * (0.1591336F + s * (-0.0525688F + s * (0.0286703F + s * (-0.0135494F + s * 0.0033160F))));
    turn = wide > high ? turn : 0.25F - turn;
    turn = across < 0 ? 0.5F - turn : turn;
    row->turns[k] = up < 0 ? 1 - turn : turn;
    row->lengths[k] = sqrtf(across * across + up * up);
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

int actnet_orientations(const ActnetPlane *plane, int column, int row, float scale,
                        float angles_deg[ACTNET_MAX_ORIENTATIONS]) {
  float bell[MAX_REACH + 1], sums[ANGLES] = {0}, histogram[ANGLES], highest = 0;
  const int reach = smaller((int)rintf(ORIENTATION_REACH * scale), MAX_REACH);
  const int first = larger(column - reach, 1), last = smaller(column + reach, plane->width - 2);
  fill_bell(bell, reach, ORIENTATION_BLUR * scale);
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
  return count;
}

/* Cells along and across the place's direction with one more around them, and one more bin than a turn has. */
typedef float Histogram[CELLS + 2][CELLS + 2][BINS + 2];

/* Share one gradient among the eight nearest cells and bins. */
static void share(Histogram histogram, float along, float across, float turned, float weight) {
  const float top = floorf(across), left = floorf(along), low = floorf(turned);
  const float down = across - top, right = along - left, over = turned - low;
  const int bin = (int)low & (BINS - 1);
  float(*rows)[BINS + 2] = histogram[(int)top + 1] + (int)left + 1;
  const float lower = weight * down, upper = weight - lower;
  const float values[4] = {upper - upper * right, upper * right, lower - lower * right, lower * right};
  float *const cells[4] = {rows[0], rows[1], rows[CELLS + 2], rows[CELLS + 3]};
  for (int k = 0; k < 4; k++) {
    const float next = values[k] * over;
    cells[k][bin] += values[k] - next;
    cells[k][bin + 1] += next;
  }
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

void actnet_gradients(const ActnetPlane *plane, const ActnetExtremum *place, float gradients[128]) {
  Histogram histogram;
  float bell[MAX_REACH + 1];
  memset(histogram, 0, sizeof histogram);
  const float turn_deg = TURN_DEG - place->angle_deg, width = CELL_WIDTH * place->scale;
  const float cosine = cosf(turn_deg * RADIANS) / width, sine = sinf(turn_deg * RADIANS) / width;
  const int column = (int)rintf(place->x), row = (int)rintf(place->y);
  const int reach = smaller((int)rintf(width * 1.41421356F * (CELLS + 1) * 0.5F), MAX_REACH);
  const int first = larger(column - reach, 1), last = smaller(column + reach, plane->width - 2);
  const float start = turn_deg / TURN_DEG * BINS, middle = CELLS / 2 - 0.5F;
  fill_bell(bell, reach, width * CELLS / 2);
  for (int y = larger(row - reach, 1); y <= smaller(row + reach, plane->height - 2); y++) {
    Row pixels;
    const int down = y - row;
    read_row(plane, y, first, last, &pixels);
    for (int k = 0; k < pixels.count; k++) {
      const int right = first + k - column;
      const float along = (float)right * cosine - (float)down * sine + middle;
      const float across = (float)right * sine + (float)down * cosine + middle;
      if (!(along > -1 && along < CELLS && across > -1 && across < CELLS)) continue;
      const float weight = bell[right < 0 ? -right : right] * bell[down < 0 ? -down : down];
      share(histogram, along, across, pixels.turns[k] * BINS - start, weight * pixels.lengths[k]);
    }
  }
  finish(histogram, gradients);
}
