/* The loops of actnet_gradients.c, for as many lanes as ACTNET_LANES says (actnet_lanes.h). */
#include "actnet_lanes.h"

/* Lengths, and angles in turns, 0 to 1, against the clock.
 *
 * The arctangent is the polynomial 4.4.49 of Abramowitz and Stegun, right within 1e-5; the square root of 1 + s is one
 * that was fitted by least squares, right within 3e-6: neither needs a library, and several go at once. */
ACTNET_TARGET static void ACTNET_NAME(measure)(Row *row) {
  const ActnetLanes zero = actnet_same(0), one = actnet_same(1);
  for (int k = 0; k < row->count; k += ACTNET_LANES) {
    const ActnetLanes across = actnet_load(row->across + k), up = actnet_load(row->up + k);
    const ActnetLanes wide = actnet_absolute(across), high = actnet_absolute(up);
    const ActnetMask flat = (ActnetMask)(wide > high);
    const ActnetLanes more = actnet_chosen(flat, wide, high), less = actnet_chosen(flat, high, wide);
    const ActnetLanes t = less / (more + 1e-20F), s = t * t;
    ActnetLanes turn = t * (0.1591336F + s * (-0.0525688F + s * (0.0286703F + s * (-0.0135494F + s * 0.0033160F))));
    turn = actnet_chosen(flat, turn, 0.25F - turn);
    turn = actnet_chosen((ActnetMask)(across < zero), 0.5F - turn, turn);
    actnet_store(row->turns + k, actnet_chosen((ActnetMask)(up < zero), one - turn, turn));
    const ActnetLanes root = 1 + s * (0.4999189F + s * (-0.1237678F + s * (0.0561048F + s * (-0.0231448F + s * 0.0051037F))));
    actnet_store(row->lengths + k, more * root);
  }
}

/* Gradients of row `y` from column `first` to `last`, none of them at the picture's edge. */
ACTNET_TARGET static void ACTNET_NAME(read_row)(const ActnetPlane *plane, int y, int first, int last, Row *row) {
  const float *above = plane->values + (size_t)plane->stride * (y - 1);
  const float *here = above + plane->stride, *below = here + plane->stride;
  row->count = last < first ? 0 : last - first + 1;
  for (int k = 0; k < row->count; k += ACTNET_LANES) {
    const int x = first + k;
    actnet_store(row->across + k, actnet_load(here + x + 1) - actnet_load(here + x - 1));
    actnet_store(row->up + k, actnet_load(above + x) - actnet_load(below + x));
  }
  ACTNET_NAME(measure)(row);
}

/* How the gradients of a row are shared among cells and bins. All three places are above -1, and a pixel is inside
 * where it has a cell at all. */
ACTNET_TARGET static void ACTNET_NAME(share_row)(const Line *line, const Row *row, Shares *shares) {
  enum { BINS_APART = BINS + 2, CELLS_APART = CELLS + 2 };
  ActnetMask columns;
  for (int k = 0; k < ACTNET_LANES; k++) columns[k] = line->first + k;
  for (int k = 0; k < row->count; k += ACTNET_LANES, columns += ACTNET_LANES) {
    const ActnetLanes right_of_middle = actnet_float(columns);
    const ActnetLanes along = line->along + right_of_middle * line->cosine;
    const ActnetLanes across = line->across + right_of_middle * line->sine;
    const ActnetMask inside = (ActnetMask)(along > -1) & (ActnetMask)(along < CELLS) & (ActnetMask)(across > -1) &
                              (ActnetMask)(across < CELLS);
    const ActnetLanes turned = line->start + actnet_load(row->turns + k) * BINS;
    const ActnetMask left = actnet_whole(along + 1), top = actnet_whole(across + 1), low = actnet_whole(turned);
    const ActnetLanes right = along + 1 - actnet_float(left), down = across + 1 - actnet_float(top);
    const ActnetLanes weight = actnet_load(line->bells + k) * line->bell * actnet_load(row->lengths + k);
    const ActnetLanes lower = weight * down;
    const ActnetLanes upper = weight - lower;
    const ActnetLanes upper_right = upper * right;
    const ActnetLanes lower_right = lower * right;
    const ActnetMask places = (top * CELLS_APART + left) * BINS_APART + (low & (BINS - 1));
    memcpy(shares->places + k, &places, sizeof places);
    memcpy(shares->inside + k, &inside, sizeof inside);
    actnet_store(shares->upper_left + k, upper - upper_right);
    actnet_store(shares->upper_right + k, upper_right);
    actnet_store(shares->lower_left + k, lower - lower_right);
    actnet_store(shares->lower_right + k, lower_right);
    actnet_store(shares->over + k, turned - actnet_float(low));
  }
}
