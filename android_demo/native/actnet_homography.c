#include "actnet_exact.h"

#include "actnet_homography.h"

#include <string.h>

enum { UNKNOWNS = 8, ROUNDS = 2, CORNERS = 4 };

/* Holds the two perspective terms near zero where few matches say little about them. */
static const double STIFFNESS = 1e-4;

/* Of a corner, over the depth of the picture's middle. */
static const double LEAST_DEPTH = 0.2, MOST_DEPTH = 5.0;

typedef struct {
  double normal[UNKNOWNS][UNKNOWNS], right[UNKNOWNS];
} Equations;

static void add_row(Equations *sums, const double row[UNKNOWNS], double error) {
  for (int i = 0; i < UNKNOWNS; i++) {
    for (int j = i; j < UNKNOWNS; j++) sums->normal[i][j] += row[i] * row[j];
    sums->right[i] += row[i] * error;
  }
}

/* One match's two rows; 0 where it lies behind the camera. */
static int add_match(Equations *sums, const double m[9], const ActnetPlaces *match,
                     double longest) {
  double x = match->x / longest, y = match->y / longest;
  double depth = m[6] * x + m[7] * y + 1;
  if (!(depth > 0)) return 0;
  double u = (m[0] * x + m[1] * y + m[2]) / depth, v = (m[3] * x + m[4] * y + m[5]) / depth;
  const double row_u[] = {x / depth, y / depth, 1 / depth, 0, 0, 0, -u * x / depth, -u * y / depth};
  const double row_v[] = {0, 0, 0, x / depth, y / depth, 1 / depth, -v * x / depth, -v * y / depth};
  add_row(sums, row_u, match->u / longest - u);
  add_row(sums, row_v, match->v / longest - v);
  return 1;
}

static void swap_rows(Equations *sums, int one, int other) {
  for (int j = 0; j < UNKNOWNS; j++) {
    double held = sums->normal[one][j];
    sums->normal[one][j] = sums->normal[other][j];
    sums->normal[other][j] = held;
  }
  double held = sums->right[one];
  sums->right[one] = sums->right[other];
  sums->right[other] = held;
}

static double magnitude(double value) { return value < 0 ? -value : value; }

/* Elimination with the largest pivot of each column; the solution is left in `right`. */
static int solve(Equations *sums) {
  for (int k = 0; k < UNKNOWNS; k++) {
    int pivot = k;
    for (int i = k + 1; i < UNKNOWNS; i++)
      if (magnitude(sums->normal[i][k]) > magnitude(sums->normal[pivot][k])) pivot = i;
    if (!(magnitude(sums->normal[pivot][k]) > 0)) return 0;
    if (pivot != k) swap_rows(sums, k, pivot);
    for (int i = k + 1; i < UNKNOWNS; i++) {
      double factor = sums->normal[i][k] / sums->normal[k][k];
      for (int j = k; j < UNKNOWNS; j++) sums->normal[i][j] -= factor * sums->normal[k][j];
      sums->right[i] -= factor * sums->right[k];
    }
  }
  for (int k = UNKNOWNS - 1; k >= 0; k--) {
    for (int j = k + 1; j < UNKNOWNS; j++)
      sums->right[k] -= sums->normal[k][j] * sums->right[j];
    sums->right[k] /= sums->normal[k][k];
  }
  return 1;
}

/* One Gauss-Newton step of a model whose numbers are near 1. */
static int step(double m[9], const ActnetPlaces *matches, int count, double longest) {
  Equations sums = {0};
  for (int k = 0; k < count; k++)
    if (!add_match(&sums, m, &matches[k], longest)) return 0;
  for (int i = 0; i < UNKNOWNS; i++)
    for (int j = 0; j < i; j++) sums.normal[i][j] = sums.normal[j][i];
  for (int i = 6; i < UNKNOWNS; i++) {
    sums.normal[i][i] += STIFFNESS;
    sums.right[i] -= STIFFNESS * m[i];
  }
  if (!solve(&sums)) return 0;
  for (int i = 0; i < UNKNOWNS; i++) m[i] += sums.right[i];
  return 1;
}

int actnet_fit_homography(const ActnetPlaces *matches, int count, double longest, double model[9]) {
  double m[9];
  memcpy(m, model, sizeof m);
  m[2] /= longest, m[5] /= longest;
  m[6] *= longest, m[7] *= longest;
  for (int round = 0; round < ROUNDS; round++)
    if (!step(m, matches, count, longest)) return 0;
  m[2] *= longest, m[5] *= longest;
  m[6] /= longest, m[7] /= longest;
  memcpy(model, m, sizeof m);
  return 1;
}

void actnet_project(const double m[9], double x, double y, double place[2]) {
  double depth = m[6] * x + m[7] * y + m[8];
  place[0] = (m[0] * x + m[1] * y + m[2]) / depth;
  place[1] = (m[3] * x + m[4] * y + m[5]) / depth;
}

void actnet_outline(const double model[9], double width, double height, double outline[8]) {
  const double corners[CORNERS][2] = {{0, 0}, {width, 0}, {width, height}, {0, height}};
  for (int k = 0; k < CORNERS; k++)
    actnet_project(model, corners[k][0], corners[k][1], &outline[2 * k]);
}

int actnet_is_sound(const double m[9], double width, double height) {
  double middle = m[6] * (width / 2) + m[7] * (height / 2) + m[8];
  const double depths[] = {m[8], m[6] * width + m[8], m[6] * width + m[7] * height + m[8],
                           m[7] * height + m[8]};
  if (!(middle > 0)) return 0;
  for (int k = 0; k < CORNERS; k++)
    if (!(depths[k] >= LEAST_DEPTH * middle && depths[k] <= MOST_DEPTH * middle)) return 0;
  double outline[2 * CORNERS], sides[CORNERS][2];
  actnet_outline(m, width, height, outline);
  for (int k = 0; k < CORNERS; k++)
    for (int axis = 0; axis < 2; axis++)
      sides[k][axis] = outline[2 * ((k + 1) % CORNERS) + axis] - outline[2 * k + axis];
  for (int k = 0; k < CORNERS; k++) {
    const double *side = sides[k], *following = sides[(k + 1) % CORNERS];
    if (!(side[0] * following[1] - side[1] * following[0] > 0)) return 0;
  }
  return 1;
}
