#include "actnet_exact.h"

#include "actnet_homography.h"

#include <string.h>

enum { UNKNOWNS = 8, ROUNDS = 2, CORNERS = 4 };

/* Holds the two perspective terms near zero where few matches say little about them. */
static const double STIFFNESS = 1e-4;

/* Of a corner, over the depth of the picture's middle. */
static const double LEAST_DEPTH = 0.2, MOST_DEPTH = 5.0;

/* Two numbers that the same is done to: of the photo's x and y. */
typedef double Two __attribute__((vector_size(16)));

static Two two(double one, double other) { return (Two){one, other}; }

/* Sums over matches. A match has a row for its place along x and one along y; their first six numbers are three that
 * both have, (x, y, 1) over the depth, and three zeros. So of 88 products there are 34. */
typedef struct {
  double shared[3][3];           /* of these three with each other; the upper half */
  Two across[3][2], right[3];    /* of these with the last two, and with what is missing */
  double last[2][2], missing[2]; /* of the last two: with each other, the upper half, and with what is missing */
} Sums;

typedef struct {
  double normal[UNKNOWNS][UNKNOWNS], right[UNKNOWNS];
} Equations;

/* Adds one match's two rows; 0 where it lies behind the camera. */
static int add_match(Sums *sums, const double m[9], const ActnetPlaces *match, double longest) {
  const Two here = two(match->x, match->y) / longest;
  const double x = here[0], y = here[1], depth = m[6] * x + m[7] * y + 1;
  if (!(depth > 0)) return 0;
  const Two place = (two(m[0], m[3]) * x + two(m[1], m[4]) * y + two(m[2], m[5])) / depth;
  const Two over_depth = here / depth, along = -place * x / depth, down = -place * y / depth;
  const Two missing = two(match->u, match->v) / longest - place;
  const double row[3] = {over_depth[0], over_depth[1], 1 / depth};
  const Two last[2] = {along, down};
  for (int i = 0; i < 3; i++) {
    for (int j = i; j < 3; j++) sums->shared[i][j] += row[i] * row[j];
    for (int j = 0; j < 2; j++) sums->across[i][j] += row[i] * last[j];
    sums->right[i] += row[i] * missing;
  }
  for (int i = 0; i < 2; i++) {
    for (int j = i; j < 2; j++) {
      const Two products = last[i] * last[j];
      sums->last[i][j] = sums->last[i][j] + products[0] + products[1];
    }
    const Two products = last[i] * missing;
    sums->missing[i] = sums->missing[i] + products[0] + products[1];
  }
  return 1;
}

/* Brings the sums to where they stand in the equations. */
static Equations equations_of(const Sums *sums) {
  Equations all = {0};
  for (int place = 0; place < 2; place++)
    for (int i = 0; i < 3; i++) {
      for (int j = i; j < 3; j++) all.normal[3 * place + i][3 * place + j] = sums->shared[i][j];
      for (int j = 0; j < 2; j++) all.normal[3 * place + i][6 + j] = sums->across[i][j][place];
      all.right[3 * place + i] = sums->right[i][place];
    }
  for (int i = 0; i < 2; i++) {
    for (int j = i; j < 2; j++) all.normal[6 + i][6 + j] = sums->last[i][j];
    all.right[6 + i] = sums->missing[i];
  }
  for (int i = 0; i < UNKNOWNS; i++)
    for (int j = 0; j < i; j++) all.normal[i][j] = all.normal[j][i];
  return all;
}

static void swap_rows(Equations *equations, int one, int other) {
  for (int j = 0; j < UNKNOWNS; j++) {
    double held = equations->normal[one][j];
    equations->normal[one][j] = equations->normal[other][j];
    equations->normal[other][j] = held;
  }
  double held = equations->right[one];
  equations->right[one] = equations->right[other];
  equations->right[other] = held;
}

static double magnitude(double value) { return value < 0 ? -value : value; }

/* Elimination with the largest pivot of each column; the solution is left in `right`. */
static int solve(Equations *equations) {
  for (int k = 0; k < UNKNOWNS; k++) {
    int pivot = k;
    for (int i = k + 1; i < UNKNOWNS; i++)
      if (magnitude(equations->normal[i][k]) > magnitude(equations->normal[pivot][k])) pivot = i;
    if (!(magnitude(equations->normal[pivot][k]) > 0)) return 0;
    if (pivot != k) swap_rows(equations, k, pivot);
    for (int i = k + 1; i < UNKNOWNS; i++) {
      double factor = equations->normal[i][k] / equations->normal[k][k];
      for (int j = k; j < UNKNOWNS; j++) equations->normal[i][j] -= factor * equations->normal[k][j];
      equations->right[i] -= factor * equations->right[k];
    }
  }
  for (int k = UNKNOWNS - 1; k >= 0; k--) {
    for (int j = k + 1; j < UNKNOWNS; j++)
      equations->right[k] -= equations->normal[k][j] * equations->right[j];
    equations->right[k] /= equations->normal[k][k];
  }
  return 1;
}

/* One Gauss-Newton step of a model whose numbers are near 1. */
static int step(double m[9], const ActnetPlaces *matches, int count, double longest) {
  Sums sums = {0};
  for (int k = 0; k < count; k++)
    if (!add_match(&sums, m, &matches[k], longest)) return 0;
  Equations equations = equations_of(&sums);
  for (int i = 6; i < UNKNOWNS; i++) {
    equations.normal[i][i] += STIFFNESS;
    equations.right[i] -= STIFFNESS * m[i];
  }
  if (!solve(&equations)) return 0;
  for (int i = 0; i < UNKNOWNS; i++) m[i] += equations.right[i];
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
