#include "actnet_exact.h"

#include "actnet_verification.h"

#include <stdlib.h>
#include <string.h>

#include "actnet_fail.h"
#include "actnet_homography.h"
#include "actnet_matching.h"

enum { UNITS_PER_PX = 16, CACHE_LINE = 64 };
enum { MAX_DISTANCE = 40, RATIO_OVER = 17, RATIO_UNDER = 20 };
enum { MAX_MATCHES = ACTNET_MAX_MATCHES, HYPOTHESES = 8, LEAST_MATCHES = 4, LEAST_FOR_HOMOGRAPHY = 8 };
enum { ROUNDS = 4, MAX_TURN = 28, MAX_SIZE_STEPS = 19, CELLS = 20, INTEGER_STEPS = 1 << 14 };

/* Of each round, over the longest side of the reduced photo. */
static const double TOLERANCES[ROUNDS] = {0.03, 0.01875, 0.0125, 0.0125};
static const double BENT_TOLERANCES[ROUNDS] = {0.03, 0.02, 0.0125, 0.0125};

/* round(16384 cos(k / 256 turn)) of a quarter turn, and round(16384 2^(k / 16)). */
static const int16_t COSINES[] = {
    16384, 16379, 16364, 16340, 16305, 16261, 16207, 16143, 16069, 15986, 15893, 15791, 15679,
    15557, 15426, 15286, 15137, 14978, 14811, 14635, 14449, 14256, 14053, 13842, 13623, 13395,
    13160, 12916, 12665, 12406, 12140, 11866, 11585, 11297, 11003, 10702, 10394, 10080, 9760,
    9434,  9102,  8765,  8423,  8076,  7723,  7366,  7005,  6639,  6270,  5897,  5520,  5139,
    4756,  4370,  3981,  3590,  3196,  2801,  2404,  2006,  1606,  1205,  804,   402,   0};
static const int16_t SCALES[] = {16384, 17109, 17867, 18658, 19484, 20347, 21247, 22188,
                                 23170, 24196, 25268, 26386, 27554, 28774, 30048, 31379};

/* Where the parts of a blob lie. */
typedef struct {
  int32_t count;
  double width, height, longest; /* of the reduced picture, in sixteenths of a pixel */
  const uint8_t *x, *y, *sizes, *angles, *codes;
} Features;

struct ActnetVerifier {
  Features photo;
  const ActnetMatching *matching;
  const uint8_t *arranged; /* the photo's codes, behind the blob, at the start of a line of the cache */
  uint8_t blob[];
};

/* A set of matches: bit k of word k / 64 is match k. */
typedef struct {
  uint64_t words[2];
} Set;

/* What is computed of one picture and the photo; it lies on the stack, about 15 kB. */
typedef struct {
  int32_t count;
  uint64_t order[MAX_MATCHES]; /* `numbered`, smallest first */
  double x[MAX_MATCHES], y[MAX_MATCHES], u[MAX_MATCHES], v[MAX_MATCHES];
  int16_t steps[MAX_MATCHES], turns[MAX_MATCHES]; /* e and t of docs/verification.md */
  uint8_t cells_here[MAX_MATCHES], cells_there[MAX_MATCHES]; /* numbered as they come */
  double longest;                                            /* L */
} Matches;

typedef struct {
  double model[9];
  Set fit;
} Candidate;

static void add(Set *set, int match) { set->words[match >> 6] |= (uint64_t)1 << (match & 63); }

/* Runs what follows for each match of a set, in order. */
#define FOR_EACH(match, set)                                                               \
  for (int word = 0, match; word < 2; word++)                                              \
    for (uint64_t left = (set).words[word];                                                \
         left && (match = 64 * word + __builtin_ctzll(left), 1); left &= left - 1)

static int size_of(const Set *set) {
  return __builtin_popcountll(set->words[0]) + __builtin_popcountll(set->words[1]);
}

static int number_at(const uint8_t *values, int32_t place) {
  return values[2 * place] | values[2 * place + 1] << 8;
}

/* A match as one number, whose order is that of ratios, and of equal ones that of the picture's features. */
static uint64_t numbered(int32_t ratio, int32_t row, int32_t column) {
  return (uint64_t)ratio << 32 | (uint64_t)row << 16 | (uint64_t)column;
}

static int32_t row_of(uint64_t number) { return number >> 16 & 0xFFFF; }

static int32_t column_of(uint64_t number) { return number & 0xFFFF; }

/* Keeps a match if it is one of the best. */
static void keep(Matches *found, uint64_t number) {
  if (found->count == MAX_MATCHES && found->order[MAX_MATCHES - 1] <= number) return;
  int place = found->count < MAX_MATCHES ? found->count++ : MAX_MATCHES - 1;
  for (; place > 0 && found->order[place - 1] > number; place--) found->order[place] = found->order[place - 1];
  found->order[place] = number;
}

static void match(const Features *picture, const ActnetVerifier *verifier, Matches *found) {
  if (picture->count < LEAST_MATCHES || verifier->photo.count < LEAST_MATCHES) return;
  for (int32_t row = 0; row < picture->count; row++) {
    const uint8_t *code = picture->codes + (size_t)row * ACTNET_CODE_BYTES;
    ActnetNearest of = verifier->matching->nearest(code, verifier->arranged, verifier->photo.count);
    if (of.nearest <= MAX_DISTANCE && RATIO_UNDER * of.nearest <= RATIO_OVER * of.second)
      keep(found, numbered((of.nearest << 16) / (of.second > 1 ? of.second : 1), row, of.column));
  }
}

/* A place's cell, as one number. */
static int64_t cell_of(double x, double y, double longest) {
  int64_t side = (int64_t)longest;
  return ((int64_t)x * CELLS / side) * 1024 + (int64_t)y * CELLS / side;
}

/* Numbers the cells that matches fill, so that those of a set of matches are counted with bits. */
static void number_cells(Matches *found, double longest_here) {
  int64_t here[MAX_MATCHES], there[MAX_MATCHES];
  for (int k = 0; k < found->count; k++) {
    int one = 0, other = 0;
    here[k] = cell_of(found->x[k], found->y[k], longest_here);
    there[k] = cell_of(found->u[k], found->v[k], found->longest);
    while (here[one] != here[k]) one++;
    while (there[other] != there[k]) other++;
    found->cells_here[k] = (uint8_t)one, found->cells_there[k] = (uint8_t)other;
  }
}

static void describe_matches(const Features *picture, const Features *photo, Matches *found) {
  found->longest = photo->longest;
  for (int k = 0; k < found->count; k++) {
    const int32_t row = row_of(found->order[k]), column = column_of(found->order[k]);
    found->x[k] = number_at(picture->x, row), found->y[k] = number_at(picture->y, row);
    found->u[k] = number_at(photo->x, column), found->v[k] = number_at(photo->y, column);
    found->steps[k] = (int16_t)(photo->sizes[column] - picture->sizes[row]);
    found->turns[k] = (int16_t)(photo->angles[column] - picture->angles[row]);
  }
  number_cells(found, picture->longest);
}

/* 16384 times the cosine of `turn` 256ths of a turn. */
static int cosine(int turn) {
  turn &= 255;
  if (turn > 128) turn = 256 - turn;
  return turn <= 64 ? COSINES[turn] : -COSINES[128 - turn];
}

static double scale_of(int steps) {
  double fraction = (double)SCALES[steps & 15] / INTEGER_STEPS;
  int octaves = (steps - (steps & 15)) / 16;
  return octaves >= 0 ? fraction * (1 << octaves) : fraction / (1 << -octaves);
}

/* Two or eight numbers at once: what every processor has. */
enum { TWO = 2, EIGHT = 8 };
typedef double Two __attribute__((vector_size(16)));
typedef int64_t TwoMasks __attribute__((vector_size(16))); /* of a lane all bits, or none */
typedef int16_t Eight __attribute__((vector_size(16)));

static Two two(const double *numbers) {
  Two lanes;
  memcpy(&lanes, numbers, sizeof lanes);
  return lanes;
}

static Eight eight(const int16_t *numbers) {
  Eight lanes;
  memcpy(&lanes, numbers, sizeof lanes);
  return lanes;
}

static uint64_t lowest_bits(int count) {
  return count <= 0 ? 0 : count >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* Leaves out what steps of several lanes say of matches that there are not. */
static Set within(Set set, int count) {
  return (Set){{set.words[0] & lowest_bits(count), set.words[1] & lowest_bits(count - 64)}};
}

/* Which matches turn and scale as match k does. */
static Set alike(const Matches *found, int k) {
  const Eight bits = {1, 2, 4, 8, 16, 32, 64, 128};
  Set set = {{0, 0}};
  for (int j = 0; j < found->count; j += EIGHT) {
    const Eight turns = ((found->turns[k] - eight(found->turns + j) + 128) & 255) - 128;
    const Eight steps = found->steps[k] - eight(found->steps + j);
    const Eight fits = (Eight)(turns <= MAX_TURN) & (Eight)(turns >= -MAX_TURN) &
                       (Eight)(steps <= MAX_SIZE_STEPS) & (Eight)(steps >= -MAX_SIZE_STEPS) & bits;
    uint64_t halves[2];
    memcpy(halves, &fits, sizeof halves);
    uint64_t all = halves[0] | halves[1];
    all |= all >> 32, all |= all >> 16;
    set.words[j >> 6] |= (all & 255) << (j & 63);
  }
  return within(set, found->count);
}

/* Which matches fit the model that match k alone gives. */
static Set fit_of_one(const Matches *found, int k) {
  double scale = scale_of(found->steps[k]);
  double a = scale * cosine(found->turns[k]) / INTEGER_STEPS;
  double b = scale * cosine(found->turns[k] - 64) / INTEGER_STEPS;
  double p = found->u[k] - (a * found->x[k] - b * found->y[k]);
  double q = found->v[k] - (b * found->x[k] + a * found->y[k]);
  double tolerance = found->longest * TOLERANCES[0], limit = tolerance * tolerance;
  Set fit = alike(found, k);
  for (int word = 0; word < 2; word++) {
    TwoMasks near = {0, 0}, bits = {1, 2};
    for (int j = 64 * word; j < 64 * word + 64; j += TWO, bits <<= TWO) {
      const Two x = two(found->x + j), y = two(found->y + j);
      const Two dx = a * x - b * y + (p - two(found->u + j));
      const Two dy = b * x + a * y + (q - two(found->v + j));
      near |= (TwoMasks)(dx * dx + dy * dy < limit) & bits;
    }
    fit.words[word] &= (uint64_t)(near[0] | near[1]);
  }
  return fit;
}

/* The models of single matches that the most matches fit; returns how many. */
static int hypotheses(const Matches *found, Candidate best[HYPOTHESES]) {
  int count = 0, sizes[HYPOTHESES];
  for (int k = 0; k < found->count; k++) {
    Set fit = fit_of_one(found, k);
    int size = size_of(&fit);
    if (size < LEAST_MATCHES || (count == HYPOTHESES && sizes[count - 1] >= size)) continue;
    int place = count < HYPOTHESES ? count++ : HYPOTHESES - 1;
    for (; place > 0 && sizes[place - 1] < size; place--) {
      sizes[place] = sizes[place - 1];
      best[place].fit = best[place - 1].fit;
    }
    sizes[place] = size, best[place].fit = fit;
  }
  return count;
}

static ActnetPlaces place_of(const Matches *found, int k) {
  return (ActnetPlaces){found->x[k], found->y[k], found->u[k], found->v[k]};
}

/* Fits an affine model to matches; 0 where it is none that a picture before a camera could have. */
static int fit_affine(const Matches *found, const Set *fit, double m[9]) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  double su = 0, sv = 0, sxu = 0, syu = 0, sxv = 0, syv = 0;
  FOR_EACH(k, *fit) {
    const ActnetPlaces at = place_of(found, k);
    n += 1, sx += at.x, sy += at.y, su += at.u, sv += at.v;
    sxx += at.x * at.x, sxy += at.x * at.y, syy += at.y * at.y;
    sxu += at.x * at.u, syu += at.y * at.u, sxv += at.x * at.v, syv += at.y * at.v;
  }
  double a = n * sxx - sx * sx, b = n * sxy - sx * sy, c = n * syy - sy * sy;
  double determinant = a * c - b * b;
  if (!(a > 0 && c > 0 && determinant * 256 > a * c)) return 0;
  double p = n * sxu - sx * su, q = n * syu - sy * su;
  m[0] = (p * c - q * b) / determinant, m[1] = (q * a - p * b) / determinant;
  m[2] = (su - m[0] * sx - m[1] * sy) / n;
  p = n * sxv - sx * sv, q = n * syv - sy * sv;
  m[3] = (p * c - q * b) / determinant, m[4] = (q * a - p * b) / determinant;
  m[5] = (sv - m[3] * sx - m[4] * sy) / n;
  m[6] = m[7] = 0, m[8] = 1;
  double area = m[0] * m[4] - m[1] * m[3];
  double squares = m[0] * m[0] + m[1] * m[1] + m[3] * m[3] + m[4] * m[4];
  return area * 10.1 >= squares && area >= 1.0 / 256 && area <= 256;
}

static Set near_affine(const Matches *found, const double m[9], double share) {
  double tolerance = found->longest * share, limit = tolerance * tolerance;
  Set fit = {{0, 0}};
  for (int word = 0; word < 2; word++) {
    TwoMasks near = {0, 0}, bits = {1, 2};
    for (int k = 64 * word; k < 64 * word + 64; k += TWO, bits <<= TWO) {
      const Two x = two(found->x + k), y = two(found->y + k);
      const Two dx = m[0] * x + m[1] * y + m[2] - two(found->u + k);
      const Two dy = m[3] * x + m[4] * y + m[5] - two(found->v + k);
      near |= (TwoMasks)(dx * dx + dy * dy < limit) & bits;
    }
    fit.words[word] = (uint64_t)(near[0] | near[1]);
  }
  return within(fit, found->count);
}

static Set near_homography(const Matches *found, const double m[9], double share) {
  double tolerance = found->longest * share, limit = tolerance * tolerance;
  Set fit = {{0, 0}};
  for (int k = 0; k < found->count; k++) {
    double place[2];
    actnet_project(m, found->x[k], found->y[k], place);
    double dx = place[0] - found->u[k], dy = place[1] - found->v[k];
    if (dx * dx + dy * dy < limit) add(&fit, k);
  }
  return fit;
}

/* Fits a model in rounds; 0 where it does not hold. */
static int refine(const Matches *found, Candidate *candidate) {
  for (int round = 0; round < ROUNDS; round++) {
    if (!fit_affine(found, &candidate->fit, candidate->model)) return 0;
    candidate->fit = near_affine(found, candidate->model, TOLERANCES[round]);
    if (size_of(&candidate->fit) < LEAST_MATCHES) return 0;
  }
  return 1;
}

/* Counts matches by place: the fewer of the cells that they fill in picture and photo. */
static int inliers_of(const Matches *found, const Set *fit) {
  Set here = {{0, 0}}, there = {{0, 0}};
  FOR_EACH(k, *fit) {
    add(&here, found->cells_here[k]);
    add(&there, found->cells_there[k]);
  }
  int one = size_of(&here), other = size_of(&there);
  return one < other ? one : other;
}

/* Refines an affine model to a homography; it is kept where it fits no fewer places. */
static void bend(const Matches *found, const Features *picture, Candidate *best, int *inliers) {
  Candidate bent = *best;
  for (int round = 0; round < ROUNDS; round++) {
    ActnetPlaces fitting[MAX_MATCHES];
    int count = 0;
    FOR_EACH(k, bent.fit) fitting[count++] = place_of(found, k);
    if (!actnet_fit_homography(fitting, count, found->longest, bent.model) ||
        !actnet_is_sound(bent.model, picture->width, picture->height))
      return;
    bent.fit = near_homography(found, bent.model, BENT_TOLERANCES[round]);
    if (size_of(&bent.fit) < LEAST_FOR_HOMOGRAPHY) return;
  }
  int places = inliers_of(found, &bent.fit);
  if (places >= *inliers) *best = bent, *inliers = places;
}

/* Finds the model that most matches fit. */
static void fit(const Features *photo, const Features *picture, Matches *found, ActnetVerification *result) {
  Candidate candidates[HYPOTHESES], best = {0};
  int inliers = 0, matches = 0;
  if (found->count < LEAST_MATCHES) return;
  describe_matches(picture, photo, found);
  int count = hypotheses(found, candidates);
  for (int k = 0; k < count; k++) {
    if (!refine(found, &candidates[k])) continue;
    int places = inliers_of(found, &candidates[k].fit), size = size_of(&candidates[k].fit);
    if (places > inliers || (places == inliers && size > matches))
      best = candidates[k], inliers = places, matches = size;
  }
  if (matches == 0) return;
  if (matches >= LEAST_FOR_HOMOGRAPHY) bend(found, picture, &best, &inliers);
  result->inliers = inliers;
  result->has_outline = 1;
  actnet_outline(best.model, picture->width, picture->height, result->outline);
  for (int k = 0; k < 8; k++) result->outline[k] /= UNITS_PER_PX;
}

static ActnetCode check(const ActnetLocalFeatures *given, ActnetError *error) {
  if (given == NULL || (given->features == NULL && given->features_bytes > 0))
    return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  if (given->width_px < 1 || given->width_px > ACTNET_MAX_SIDE_PX || given->height_px < 1 ||
      given->height_px > ACTNET_MAX_SIDE_PX)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the picture has %d x %d pixels; a side is 1 to %d",
                (int)given->width_px, (int)given->height_px, ACTNET_MAX_SIDE_PX);
  if (given->features_bytes % ACTNET_FEATURE_BYTES)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the features have %zu bytes; %d each are needed",
                given->features_bytes, ACTNET_FEATURE_BYTES);
  if (given->features_bytes / ACTNET_FEATURE_BYTES > ACTNET_MAX_FEATURES)
    return fail(error, ACTNET_WRONG_ARGUMENT, "there are %zu features; at most %d are allowed",
                given->features_bytes / ACTNET_FEATURE_BYTES, ACTNET_MAX_FEATURES);
  return ACTNET_OK;
}

static Features features_of(const ActnetLocalFeatures *given, const uint8_t *blob) {
  size_t count = given->features_bytes / ACTNET_FEATURE_BYTES;
  Features features = {0};
  features.count = (int32_t)count;
  features.width = (double)given->width_px * UNITS_PER_PX;
  features.height = (double)given->height_px * UNITS_PER_PX;
  features.longest = features.width > features.height ? features.width : features.height;
  if (count == 0) return features;
  features.x = blob, features.y = blob + 2 * count;
  features.sizes = blob + 4 * count, features.angles = blob + 5 * count;
  features.codes = blob + 6 * count;
  return features;
}

ActnetVerifier *actnet_verifier_open(const ActnetLocalFeatures *photo, ActnetError *error) {
  if (check(photo, error)) return NULL;
  size_t size = photo->features_bytes;
  const int32_t count = (int32_t)(size / ACTNET_FEATURE_BYTES);
  const ActnetMatching *matching = actnet_matching();
  ActnetVerifier *verifier = malloc(sizeof *verifier + size + CACHE_LINE + matching->arranged_bytes(count));
  if (verifier == NULL) {
    fail(error, ACTNET_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  verifier->matching = matching;
  uint8_t *arranged = verifier->blob + size;
  arranged += CACHE_LINE - (uintptr_t)arranged % CACHE_LINE;
  verifier->arranged = arranged;
  if (size > 0) memcpy(verifier->blob, photo->features, size);
  verifier->photo = features_of(photo, verifier->blob);
  if (size > 0) matching->arrange(verifier->photo.codes, count, arranged);
  fail(error, ACTNET_OK, "%s", "");
  return verifier;
}

/* The verifier and the result are there, and the picture may be compared. */
static ActnetCode check_all(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture, const void *result,
                            ActnetError *error) {
  if (verifier == NULL || result == NULL)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the verifier is closed, or no result is asked for");
  return check(picture, error);
}

ActnetCode actnet_match(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                        ActnetMatches *matches, ActnetError *error) {
  if (check_all(verifier, picture, matches, error)) return ACTNET_WRONG_ARGUMENT;
  Features features = features_of(picture, picture->features);
  Matches found = {0};
  match(&features, verifier, &found);
  *matches = (ActnetMatches){.count = found.count};
  for (int k = 0; k < found.count; k++)
    matches->rows[k] = row_of(found.order[k]), matches->columns[k] = column_of(found.order[k]);
  return fail(error, ACTNET_OK, "%s", "");
}

ActnetCode actnet_fit(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                      const ActnetMatches *matches, ActnetVerification *verification, ActnetError *error) {
  if (matches == NULL) return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  if (check_all(verifier, picture, verification, error)) return ACTNET_WRONG_ARGUMENT;
  Features features = features_of(picture, picture->features);
  Matches found = {.count = matches->count};
  if (found.count < 0 || found.count > MAX_MATCHES)
    return fail(error, ACTNET_WRONG_ARGUMENT, "there are %d matches; 0 to %d are allowed", (int)found.count,
                MAX_MATCHES);
  for (int k = 0; k < found.count; k++) {
    int32_t row = matches->rows[k], column = matches->columns[k];
    if (row < 0 || row >= features.count || column < 0 || column >= verifier->photo.count)
      return fail(error, ACTNET_WRONG_ARGUMENT, "match %d names features that are not there", k);
    found.order[k] = numbered(0, row, column);
  }
  *verification = (ActnetVerification){0};
  fit(&verifier->photo, &features, &found, verification);
  return fail(error, ACTNET_OK, "%s", "");
}

ActnetCode actnet_verify(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                         ActnetVerification *verification, ActnetError *error) {
  if (check_all(verifier, picture, verification, error)) return ACTNET_WRONG_ARGUMENT;
  Features features = features_of(picture, picture->features);
  Matches found = {0};
  *verification = (ActnetVerification){0};
  match(&features, verifier, &found);
  fit(&verifier->photo, &features, &found, verification);
  return fail(error, ACTNET_OK, "%s", "");
}

void actnet_verifier_close(ActnetVerifier *verifier) { free(verifier); }
