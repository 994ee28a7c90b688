#include "actnet_octave.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_processor.h"

enum { DIFFERENCES = ACTNET_LAYERS + 2, BORDER = 5, STEPS = 5, MARGIN = ACTNET_BLOCK };

static const float CONTRAST = 0.02F, EDGE_RATIO = 10.0F, GREY_LEVELS = 255.0F;

/* Of one difference: its newest three rows, and the largest and smallest of each three neighbours along x. */
typedef struct {
  float *rows[3], *largest[3], *smallest[3];
  float *most, *least; /* of the three rows together */
} Window;

typedef struct {
  const ActnetOctave *octave;
  int number;
  ActnetExtrema *extrema;
} Search;

static int add(ActnetExtrema *extrema, ActnetExtremum item) {
  if (extrema->count == extrema->room) {
    size_t room = extrema->room == 0 ? 1024 : 2 * extrema->room;
    ActnetExtremum *items = realloc(extrema->items, room * sizeof *items);
    if (items == NULL) return 0;
    extrema->items = items, extrema->room = room;
  }
  extrema->items[extrema->count++] = item;
  return 1;
}

/* Difference `layer` of two planes of following blur. */
static float difference(const ActnetOctave *octave, int layer, int y, int x) {
  const ActnetPlane *planes = octave->planes;
  size_t place = (size_t)planes[0].stride * y + x;
  return planes[layer + 1].values[place] - planes[layer].values[place];
}

/* Solve for the step to the extremum of the parabola through the neighbours; 0 where there is none. */
static int solve(double m[3][4], double step[3]) {
  for (int k = 0; k < 3; k++) {
    int best = k;
    for (int row = k + 1; row < 3; row++)
      if (fabs(m[row][k]) > fabs(m[best][k])) best = row;
    if (!(fabs(m[best][k]) > 1e-12)) return 0;
    for (int column = 0; column < 4; column++) {
      double held = m[k][column];
      m[k][column] = m[best][column], m[best][column] = held;
    }
    for (int row = k + 1; row < 3; row++)
      for (int column = 3; column >= k; column--) m[row][column] -= m[row][k] / m[k][k] * m[k][column];
  }
  for (int k = 2; k >= 0; k--) {
    double sum = m[k][3];
    for (int column = k + 1; column < 3; column++) sum -= m[k][column] * step[column];
    step[k] = sum / m[k][k];
  }
  return 1;
}

/* First and second derivatives along x, y and layer, and the value itself, in parts of the grey levels. */
typedef struct {
  double value, first[3], second[3][3];
} Derivatives;

static Derivatives derivatives(const ActnetOctave *octave, int layer, int y, int x) {
  double near[3][3][3];
  for (int l = 0; l < 3; l++)
    for (int r = 0; r < 3; r++)
      for (int c = 0; c < 3; c++)
        near[l][r][c] = difference(octave, layer + l - 1, y + r - 1, x + c - 1) / GREY_LEVELS;
  const double middle = near[1][1][1];
  const double across = (near[1][2][2] - near[1][2][0] - near[1][0][2] + near[1][0][0]) / 4;
  const double x_layer = (near[2][1][2] - near[2][1][0] - near[0][1][2] + near[0][1][0]) / 4;
  const double y_layer = (near[2][2][1] - near[2][0][1] - near[0][2][1] + near[0][0][1]) / 4;
  return (Derivatives){
      middle,
      {(near[1][1][2] - near[1][1][0]) / 2, (near[1][2][1] - near[1][0][1]) / 2,
       (near[2][1][1] - near[0][1][1]) / 2},
      {{near[1][1][2] + near[1][1][0] - 2 * middle, across, x_layer},
       {across, near[1][2][1] + near[1][0][1] - 2 * middle, y_layer},
       {x_layer, y_layer, near[2][1][1] + near[0][1][1] - 2 * middle}}};
}

/* A long edge has a large curvature one way only. */
static int on_edge(const Derivatives *at) {
  double trace = at->second[0][0] + at->second[1][1];
  double determinant = at->second[0][0] * at->second[1][1] - at->second[0][1] * at->second[0][1];
  return determinant <= 0 ||
         trace * trace * EDGE_RATIO >= (EDGE_RATIO + 1) * (EDGE_RATIO + 1) * determinant;
}

/* Move to the extremum between the pixels; 0 where the place is dropped. */
static int refine(const ActnetOctave *octave, int place[3], double step[3], Derivatives *at) {
  const ActnetPlane *plane = octave->planes;
  for (int round = 0; round < STEPS; round++) {
    double m[3][4];
    *at = derivatives(octave, place[2], place[1], place[0]);
    for (int k = 0; k < 3; k++) {
      memcpy(m[k], at->second[k], sizeof at->second[k]);
      m[k][3] = -at->first[k];
    }
    if (!solve(m, step)) return 0;
    if (fabs(step[0]) < 0.5 && fabs(step[1]) < 0.5 && fabs(step[2]) < 0.5) return 1;
    for (int k = 0; k < 3; k++) {
      if (!(fabs(step[k]) < 1e6)) return 0;
      place[k] += (int)rint(step[k]);
    }
    if (place[2] < 1 || place[2] > ACTNET_LAYERS || place[0] < BORDER || place[1] < BORDER ||
        place[0] >= plane->width - BORDER || place[1] >= plane->height - BORDER)
      return 0;
  }
  return 0;
}

static int add_place(const Search *search, int layer, int y, int x) {
  int place[3] = {x, y, layer};
  double step[3];
  Derivatives at;
  if (!refine(search->octave, place, step, &at)) return 1;
  double contrast = at.value + (at.first[0] * step[0] + at.first[1] * step[1] + at.first[2] * step[2]) / 2;
  if (fabs(contrast) * ACTNET_LAYERS < CONTRAST || on_edge(&at)) return 1;
  return add(search->extrema,
             (ActnetExtremum){
                 .x = (float)(place[0] + step[0]), .y = (float)(place[1] + step[1]),
                 .scale = (float)(ACTNET_FIRST_BLUR * exp2((place[2] + step[2]) / ACTNET_LAYERS)),
                 .contrast = (float)fabs(contrast), .octave = (int16_t)search->number,
                 .layer = (int16_t)place[2], .column = (int16_t)place[0], .row = (int16_t)place[1]});
}

#include "actnet_extrema_rows.h"
#ifdef __x86_64__
#undef ACTNET_LANES
#define ACTNET_LANES 8
#include "actnet_extrema_rows.h"
#endif

static int search_rows(const Search *search, Window *windows) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) return search_rows_8(search, windows);
#endif
  return search_rows_4(search, windows);
}

/* All rows lie in one piece, each with a margin for the neighbours of its ends. */
static float *windows_open(Window *windows, int stride) {
  const size_t apart = (size_t)stride + 2 * MARGIN;
  float *room = calloc(apart * 11 * DIFFERENCES, sizeof *room), *next = room + MARGIN;
  if (room == NULL) return NULL;
  for (int layer = 0; layer < DIFFERENCES; layer++) {
    for (int k = 0; k < 3; k++) {
      windows[layer].rows[k] = next;
      windows[layer].largest[k] = next + apart;
      windows[layer].smallest[k] = next + 2 * apart;
      next += 3 * apart;
    }
    windows[layer].most = next;
    windows[layer].least = next + apart;
    next += 2 * apart;
  }
  return room;
}

int actnet_find_extrema(const ActnetOctave *octave, int number, ActnetExtrema *extrema) {
  const Search search = {octave, number, extrema};
  Window windows[DIFFERENCES];
  float *room = windows_open(windows, octave->planes[0].stride);
  const int ready = room != NULL && search_rows(&search, windows);
  free(room);
  return ready;
}
