#include "actnet_exact.h"

#include "actnet_scan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_processor.h"

enum { LARGEST = 127 };

int actnet_store(const float *descriptors, int64_t count, int32_t length, double tolerance, int8_t *values,
                 double *scales) {
  for (int64_t row = 0; row < count; row++, descriptors += length, values += length) {
    double squares = 0, largest = 0;
    for (int32_t k = 0; k < length; k++) {
      const double value = fabs((double)descriptors[k]);
      squares += value * value;
      if (value > largest) largest = value;
    }
    if (!(fabs(sqrt(squares) - 1) <= tolerance)) return 0;
    const double factor = LARGEST / largest;
    int64_t sum = 0;
    for (int32_t k = 0; k < length; k++) {
      const int32_t value = (int32_t)nearbyint(descriptors[k] * factor);
      values[k] = (int8_t)value;
      sum += value * value;
    }
    scales[row] = 1 / sqrt((double)sum);
  }
  return 1;
}

#ifndef __x86_64__

ActnetScanned actnet_scan(const ActnetStored *rows, const ActnetStored *queries, int32_t top,
                          int64_t *positions, double *similarities, int32_t *found) {
  (void)rows, (void)queries, (void)top, (void)positions, (void)similarities, (void)found;
  return ACTNET_SCAN_NOT_HERE;
}

#else

#include <immintrin.h>

/* Four queries share the reading of a row. Of more, each four see a block of rows while it is in the cache. */
enum { TOGETHER = 4, BLOCK_ROWS = 1024, WIDE = 64, NARROW = 16, AHEAD = 8192 };

/* The best rows of one query. */
typedef struct {
  int64_t *positions;
  double *similarities;
  int32_t found, top;
} Best;

/* Four queries, fewer ones filled up with zeros. Values of a block stand query after query. */
typedef struct {
  int8_t *bytes;  /* (blocks of 64 values, 4, 64) */
  int16_t *words; /* (blocks of 16 values, 4, 16) */
  void *room;     /* where both lie */
  int32_t excess[4];      /* what the products are too large by where 128 is added to the rows' values */
  double scales[4], least[4]; /* a row must be more similar than this */
  Best best[4];
  int count;
} Queries;

static void offer(Queries *queries, int k, int64_t position, double similarity) {
  Best *best = &queries->best[k];
  if (similarity > DBL_MAX || best->top == 0) return;
  int32_t place = best->found < best->top ? best->found++ : best->top - 1;
  for (; place > 0 && best->similarities[place - 1] < similarity; place--) {
    best->similarities[place] = best->similarities[place - 1];
    best->positions[place] = best->positions[place - 1];
  }
  best->similarities[place] = similarity, best->positions[place] = position;
  if (best->found == best->top) queries->least[k] = best->similarities[best->top - 1];
}

/* Ask for bytes that come later: the processor by itself does not look so far ahead. */
static inline void read_ahead(const int8_t *values, int32_t length) {
  const uintptr_t later = (uintptr_t)values + AHEAD;
  for (int32_t at = 0; at < length; at += WIDE) _mm_prefetch((const char *)(later + (uintptr_t)at), _MM_HINT_T0);
}

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

/* Turn four products into similarities, and keep those that are among the best. */
AVX2 static inline void keep(Queries *queries, int64_t position, __m128i products, double scale) {
  const __m256d similarities = _mm256_mul_pd(
      _mm256_mul_pd(_mm256_cvtepi32_pd(products), _mm256_loadu_pd(queries->scales)), _mm256_set1_pd(scale));
  const __m256d better = _mm256_cmp_pd(similarities, _mm256_loadu_pd(queries->least), _CMP_GT_OQ);
  const int places = _mm256_movemask_pd(better);
  if (places == 0) return;
  double values[TOGETHER];
  _mm256_storeu_pd(values, similarities);
  for (int k = 0; k < queries->count; k++)
    if (places >> k & 1) offer(queries, k, position, values[k]);
}

/* The sums of four vectors' lanes. */
AVX2 static inline __m128i summed_by_avx2(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  const __m256i all = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

AVX2 static inline __m256i added_words(__m256i sum, __m256i values, const int16_t *query) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(values, _mm256_loadu_si256((const __m256i *)query)));
}

AVX2 static void scan_by_avx2(const ActnetStored *rows, Queries *queries, int64_t from, int64_t to) {
  const int32_t length = rows->length, rest = length % NARROW;
  for (int64_t row = from; row < to; row++) {
    const int8_t *values = rows->values + row * length;
    const int16_t *query = queries->words;
    read_ahead(values, length);
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (int32_t at = 0; at < length; at += NARROW, query += TOGETHER * NARROW) {
      int8_t last[NARROW] = {0};
      const int8_t *place = values + at;
      if (rest && at + NARROW > length) place = memcpy(last, place, (size_t)rest);
      const __m256i words = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)place));
      a = added_words(a, words, query);
      b = added_words(b, words, query + NARROW);
      c = added_words(c, words, query + 2 * NARROW);
      d = added_words(d, words, query + 3 * NARROW);
    }
    keep(queries, row, summed_by_avx2(a, b, c, d), rows->scales[row]);
  }
}

AVX512 static inline __m512i added_bytes(__m512i sum, __m512i raised, const int8_t *query) {
  return _mm512_dpbusd_epi32(sum, raised, _mm512_loadu_si512(query));
}

/* The products take bytes without a sign on one side, so 128 is added to the rows' values. */
AVX512 static void scan_by_avx512(const ActnetStored *rows, Queries *queries, int64_t from, int64_t to) {
  const int32_t length = rows->length, whole = length - length % WIDE;
  const __mmask64 rest = ((__mmask64)1 << length % WIDE) - 1;
  const __m512i sign = _mm512_set1_epi8(INT8_MIN);
  const __m128i excess = _mm_loadu_si128((const __m128i *)queries->excess);
  for (int64_t row = from; row < to; row++) {
    const int8_t *values = rows->values + row * length, *query = queries->bytes;
    read_ahead(values, length);
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    for (int32_t at = 0; at < whole; at += WIDE, query += TOGETHER * WIDE) {
      const __m512i raised = _mm512_xor_si512(_mm512_loadu_si512(values + at), sign);
      a = added_bytes(a, raised, query);
      b = added_bytes(b, raised, query + WIDE);
      c = added_bytes(c, raised, query + 2 * WIDE);
      d = added_bytes(d, raised, query + 3 * WIDE);
    }
    if (rest) {
      const __m512i raised = _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, values + whole), sign);
      a = added_bytes(a, raised, query);
      b = added_bytes(b, raised, query + WIDE);
      c = added_bytes(c, raised, query + 2 * WIDE);
      d = added_bytes(d, raised, query + 3 * WIDE);
    }
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    keep(queries, row, _mm_sub_epi32(sums, excess), rows->scales[row]);
  }
}

/* Arrange up to four queries, of which the first is `first`. Returns 0 where no memory is left. */
static int open_queries(Queries *queries, const ActnetStored *given, int64_t first, int32_t top,
                        int64_t *positions, double *similarities) {
  const int32_t length = given->length;
  const size_t blocks = ((size_t)length + WIDE - 1) / WIDE;
  *queries = (Queries){0};
  queries->count = (int)(given->count - first < TOGETHER ? given->count - first : TOGETHER);
  queries->room = calloc(3 * blocks + 1, TOGETHER * WIDE);
  if (queries->room == NULL) return 0;
  /* A vector that lies across two lines of the cache takes twice as long to read. */
  queries->bytes = (int8_t *)(((uintptr_t)queries->room + WIDE - 1) & ~(uintptr_t)(WIDE - 1));
  queries->words = (int16_t *)(queries->bytes + blocks * TOGETHER * WIDE);
  for (int k = 0; k < TOGETHER; k++) queries->least[k] = k < queries->count ? -INFINITY : INFINITY;
  for (int k = 0; k < queries->count; k++) {
    const int8_t *values = given->values + (first + k) * length;
    for (int32_t at = 0; at < length; at++) {
      queries->bytes[(at / WIDE * TOGETHER + k) * WIDE + at % WIDE] = values[at];
      queries->words[(at / NARROW * TOGETHER + k) * NARROW + at % NARROW] = values[at];
      queries->excess[k] += 128 * values[at];
    }
    queries->scales[k] = given->scales[first + k];
    queries->best[k] = (Best){positions + (first + k) * top, similarities + (first + k) * top, 0, top};
  }
  return 1;
}

ActnetScanned actnet_scan(const ActnetStored *rows, const ActnetStored *queries, int32_t top,
                          int64_t *positions, double *similarities, int32_t *found) {
  /* With AVX2 one query takes as long as four. */
  if (actnet_width() < (queries->count == 1 ? ACTNET_WIDTH_64 : ACTNET_WIDTH_32)) return ACTNET_SCAN_NOT_HERE;
  const int64_t groups = (queries->count + TOGETHER - 1) / TOGETHER;
  Queries *all = calloc((size_t)groups + 1, sizeof *all);
  int ready = all != NULL;
  for (int64_t k = 0; ready && k < groups; k++)
    ready = open_queries(&all[k], queries, TOGETHER * k, top, positions, similarities);
  const int64_t step = groups > 1 ? BLOCK_ROWS : rows->count;
  for (int64_t from = 0; ready && from < rows->count; from += step) {
    const int64_t to = rows->count - from < step ? rows->count : from + step;
    for (int64_t k = 0; k < groups; k++)
      (actnet_width() >= ACTNET_WIDTH_64 ? scan_by_avx512 : scan_by_avx2)(rows, &all[k], from, to);
  }
  for (int64_t k = 0; ready && k < queries->count; k++)
    found[k] = all[k / TOGETHER].best[k % TOGETHER].found;
  for (int64_t k = 0; all != NULL && k < groups; k++) free(all[k].room);
  free(all);
  return ready ? ACTNET_SCAN_DONE : ACTNET_SCAN_NO_MEMORY;
}

#endif
