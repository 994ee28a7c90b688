#include "actnet_exact.h"

#include "actnet_grey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_planes.h"

enum { TILES = 8, LEVELS = 256, CLIP_LIMIT = 3 };

static int reduced_side(int side, int side_px, int longest) {
  int64_t reduced = ((int64_t)side * side_px + longest / 2) / longest;
  return reduced < 1 ? 1 : (int)reduced;
}

void actnet_reduced_size(int width, int height, int side_px, int *reduced_width, int *reduced_height) {
  int longest = width > height ? width : height;
  *reduced_width = longest <= side_px ? width : reduced_side(width, side_px, longest);
  *reduced_height = longest <= side_px ? height : reduced_side(height, side_px, longest);
}

void actnet_pass_close(ActnetPass *pass) {
  free(pass->first);
  free(pass->weights);
}

/* The pixels from `first` to before `end` that a result is the weighted sum of. */
typedef struct {
  double centre;
  int first, end;
} Span;

static Span span(int i, int from, double scale, double support) {
  double centre = (i + 0.5) * scale;
  int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
  return (Span){centre, first < 0 ? 0 : first, end < from ? end : from};
}

/* docs/preprocessing.md, part 2. Places that a result does not use have weight 0, and lie in the row. */
int actnet_pass_open(ActnetPass *pass, int from, int to) {
  double scale = (double)from / to, support = scale > 1 ? scale : 1, inverse = 1 / support;
  *pass = (ActnetPass){0};
  for (int i = 0; i < to; i++) {
    Span used = span(i, from, scale, support);
    if (used.end - used.first > pass->count) pass->count = used.end - used.first;
  }
  pass->first = calloc((size_t)to, sizeof *pass->first);
  pass->weights = calloc((size_t)to * pass->count, sizeof *pass->weights);
  double *shares = malloc((size_t)pass->count * sizeof *shares);
  if (pass->first == NULL || pass->weights == NULL || shares == NULL) {
    free(shares);
    return 0;
  }
  for (int i = 0; i < to; i++) {
    Span used = span(i, from, scale, support);
    double total = 0;
    for (int k = used.first; k < used.end; k++) {
      double share = 1 - fabs((k - used.centre + 0.5) * inverse);
      shares[k - used.first] = share > 0 ? share : 0;
      total += shares[k - used.first];
    }
    int start = used.first + pass->count <= from ? used.first : from - pass->count;
    pass->first[i] = start;
    for (int k = used.first; k < used.end; k++)
      pass->weights[(size_t)pass->count * i + k - start] =
          (int32_t)(shares[k - used.first] / total * (1 << ACTNET_WEIGHT_BITS) + 0.5);
  }
  free(shares);
  return 1;
}

static uint8_t rounded_sum(int32_t sum) {
  int32_t value = sum >> ACTNET_WEIGHT_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

static void grey_row(const uint8_t *rgb, uint8_t *grey, int width) {
  for (int x = 0; x < width; x++, rgb += 3)
    grey[x] = (uint8_t)((19595 * (uint32_t)rgb[0] + 38470 * (uint32_t)rgb[1] + 7471 * (uint32_t)rgb[2] + 32768) >> 16);
}

static void reduce_row(const ActnetPass *pass, const uint8_t *from, uint8_t *to, int width) {
  for (int x = 0; x < width; x++) {
    const int32_t *weights = pass->weights + (size_t)pass->count * x;
    const uint8_t *pixels = from + pass->first[x];
    int32_t sum = 1 << (ACTNET_WEIGHT_BITS - 1);
    for (int k = 0; k < pass->count; k++) sum += pixels[k] * weights[k];
    to[x] = rounded_sum(sum);
  }
}

static void reduce_columns(const ActnetPass *pass, const uint8_t *from, uint8_t *to, int width, int height,
                           int32_t *sums) {
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) sums[x] = 1 << (ACTNET_WEIGHT_BITS - 1);
    for (int k = 0; k < pass->count; k++) {
      const int32_t weight = pass->weights[(size_t)pass->count * y + k];
      const uint8_t *row = from + (size_t)width * (pass->first[y] + k);
      for (int x = 0; x < width; x++) sums[x] += row[x] * weight;
    }
    for (int x = 0; x < width; x++) to[(size_t)width * y + x] = rounded_sum(sums[x]);
  }
}

int actnet_reduce_to_grey(const uint8_t *rgb, int width, int height, uint8_t *grey, int reduced_width,
                          int reduced_height) {
  ActnetPass across = {0}, down = {0};
  const int narrower = reduced_width != width, lower = reduced_height != height;
  uint8_t *row = malloc((size_t)width);
  uint8_t *rows = lower ? malloc((size_t)reduced_width * height) : grey;
  int32_t *sums = malloc((size_t)reduced_width * sizeof *sums);
  int ready = row != NULL && rows != NULL && sums != NULL &&
              (!narrower || actnet_pass_open(&across, width, reduced_width)) &&
              (!lower || actnet_pass_open(&down, height, reduced_height));
  for (int y = 0; ready && y < height; y++) {
    uint8_t *reduced = rows + (size_t)reduced_width * y;
    grey_row(rgb + 3 * (size_t)width * y, narrower ? row : reduced, width);
    if (narrower) reduce_row(&across, row, reduced, reduced_width);
  }
  if (ready && lower) reduce_columns(&down, rows, grey, reduced_width, reduced_height, sums);
  actnet_pass_close(&across);
  actnet_pass_close(&down);
  if (lower) free(rows);
  free(row);
  free(sums);
  return ready;
}

/* What stands above the limit is spread over all levels, and the rest of it one by one. */
static void clip(int *histogram, int limit) {
  int above = 0;
  for (int level = 0; level < LEVELS; level++)
    if (histogram[level] > limit) above += histogram[level] - limit, histogram[level] = limit;
  int rest = above % LEVELS, step = rest > 0 && LEVELS / rest > 1 ? LEVELS / rest : 1;
  for (int level = 0; level < LEVELS; level++) histogram[level] += above / LEVELS;
  for (int level = 0; level < LEVELS && rest > 0; level += step, rest--) histogram[level]++;
}

static void fill_table(const uint8_t *grey, int width, int height, int left, int top, int tile_width,
                       int tile_height, uint8_t *table) {
  int histogram[LEVELS] = {0}, area = tile_width * tile_height, sum = 0;
  for (int y = top; y < top + tile_height; y++) {
    const uint8_t *row = grey + (size_t)width * actnet_mirrored(y, height);
    for (int x = left; x < left + tile_width; x++) histogram[row[actnet_mirrored(x, width)]]++;
  }
  clip(histogram, CLIP_LIMIT * area / LEVELS > 1 ? CLIP_LIMIT * area / LEVELS : 1);
  const float scale = (LEVELS - 1) / (float)area;
  for (int level = 0; level < LEVELS; level++) {
    sum += histogram[level];
    float value = rintf((float)sum * scale);
    table[level] = value > 255 ? 255 : (uint8_t)value;
  }
}

/* The two tiles that a place lies between, and the share of the second. */
typedef struct {
  int tiles[2];
  float share;
} Between;

static Between between(int place, float inverse) {
  float at = (float)place * inverse - 0.5F, whole = floorf(at);
  int tile = (int)whole;
  return (Between){{tile < 0 ? 0 : tile, tile + 1 < TILES ? tile + 1 : TILES - 1}, at - whole};
}

int actnet_even_contrast(uint8_t *grey, int width, int height) {
  uint8_t(*tables)[TILES][LEVELS] = malloc(sizeof(uint8_t[TILES][TILES][LEVELS]));
  Between *columns = malloc((size_t)width * sizeof *columns);
  int ready = tables != NULL && columns != NULL;
  /* OpenCV adds whole tiles' rests to both sides as soon as one side needs it. */
  int whole = width % TILES == 0 && height % TILES == 0;
  int tile_width = whole ? width / TILES : width / TILES + 1;
  int tile_height = whole ? height / TILES : height / TILES + 1;
  for (int tile = 0; ready && tile < TILES * TILES; tile++) {
    int y = tile / TILES, x = tile % TILES;
    fill_table(grey, width, height, x * tile_width, y * tile_height, tile_width, tile_height, tables[y][x]);
  }
  for (int x = 0; ready && x < width; x++) columns[x] = between(x, 1.0F / (float)tile_width);
  for (int y = 0; ready && y < height; y++) {
    Between rows = between(y, 1.0F / (float)tile_height);
    for (int x = 0; x < width; x++) {
      uint8_t *pixel = grey + (size_t)width * y + x;
      const Between *at = columns + x;
      float above = (float)tables[rows.tiles[0]][at->tiles[0]][*pixel] * (1 - at->share) +
                    (float)tables[rows.tiles[0]][at->tiles[1]][*pixel] * at->share;
      float below = (float)tables[rows.tiles[1]][at->tiles[0]][*pixel] * (1 - at->share) +
                    (float)tables[rows.tiles[1]][at->tiles[1]][*pixel] * at->share;
      float value = rintf(above * (1 - rows.share) + below * rows.share);
      *pixel = value > 255 ? 255 : (uint8_t)value;
    }
  }
  free(tables);
  free(columns);
  return ready;
}
