/* The loops of actnet_extrema.c, for as many lanes as ACTNET_LANES says (actnet_lanes.h). */
#include "actnet_lanes.h"

/* The largest and the smallest of three rows, place by place. */
ACTNET_TARGET static void ACTNET_NAME(fold)(const float *const largest[3], const float *const smallest[3], float *most,
                                            float *least, int stride) {
  for (int x = 0; x < stride; x += ACTNET_LANES) {
    ActnetLanes more = actnet_larger(actnet_load(largest[0] + x), actnet_load(largest[1] + x));
    ActnetLanes less = actnet_smaller(actnet_load(smallest[0] + x), actnet_load(smallest[1] + x));
    actnet_store(most + x, actnet_larger(more, actnet_load(largest[2] + x)));
    actnet_store(least + x, actnet_smaller(less, actnet_load(smallest[2] + x)));
  }
}

/* Take in row `y` of each difference. */
ACTNET_TARGET static void ACTNET_NAME(advance)(const ActnetOctave *octave, Window *windows, int y) {
  const int stride = octave->planes[0].stride, slot = y % 3;
  for (int layer = 0; layer < DIFFERENCES; layer++) {
    Window *window = windows + layer;
    const float *less = octave->planes[layer].values + (size_t)stride * y;
    const float *more = octave->planes[layer + 1].values + (size_t)stride * y;
    float *row = window->rows[slot];
    for (int x = 0; x < stride; x += ACTNET_LANES)
      actnet_store(row + x, actnet_load(more + x) - actnet_load(less + x));
    const float *const beside[3] = {row - 1, row, row + 1};
    const float *const largest[3] = {window->largest[0], window->largest[1], window->largest[2]};
    const float *const smallest[3] = {window->smallest[0], window->smallest[1], window->smallest[2]};
    ACTNET_NAME(fold)(beside, beside, window->largest[slot], window->smallest[slot], stride);
    ACTNET_NAME(fold)(largest, smallest, window->most, window->least, stride);
  }
}

/* Add the places of row `y` that are the largest or smallest of their 27. */
ACTNET_TARGET static int ACTNET_NAME(scan)(const Search *search, const Window *windows, int layer, int y) {
  const int width = search->octave->planes[0].width;
  const Window *below = windows + layer - 1, *here = windows + layer, *above = windows + layer + 1;
  const float *row = here->rows[y % 3];
  /* Pixels of the border that are looked at with the first lanes are dropped one by one. */
  for (int x = BORDER - BORDER % ACTNET_LANES; x < width - BORDER; x += ACTNET_LANES) {
    const ActnetLanes values = actnet_load(row + x);
    const ActnetLanes more = actnet_larger(actnet_load(below->most + x), actnet_load(above->most + x));
    const ActnetLanes less = actnet_smaller(actnet_load(below->least + x), actnet_load(above->least + x));
    const ActnetMask largest = values >= actnet_larger(more, actnet_load(here->most + x));
    const ActnetMask smallest = values <= actnet_smaller(less, actnet_load(here->least + x));
    if (!actnet_any(largest | smallest)) continue;
    for (int k = 0; k < ACTNET_LANES; k++) {
      const int found = (largest[k] && values[k] > 0) || (smallest[k] && values[k] < 0);
      const int inside = x + k >= BORDER && x + k < width - BORDER;
      if (found && inside && !add_place(search, layer, y, x + k)) return 0;
    }
  }
  return 1;
}

/* Go through an octave's rows. */
ACTNET_TARGET static int ACTNET_NAME(search_rows)(const Search *search, Window *windows) {
  int ready = 1;
  for (int y = BORDER - 1; ready && y <= search->octave->planes[0].height - BORDER; y++) {
    ACTNET_NAME(advance)(search->octave, windows, y);
    for (int layer = 1; ready && layer <= ACTNET_LAYERS && y > BORDER; layer++)
      ready = ACTNET_NAME(scan)(search, windows, layer, y - 1);
  }
  return ready;
}
