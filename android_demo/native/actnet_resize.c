#include "actnet_resize.h"

#include <stdlib.h>
#include <string.h>

#include "actnet_grey.h"
#include "actnet_processor.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { CHANNELS = 3, WITH_PADDING = 4, ROWS = 4, MANY_ROWS = 32, BLOCK = 16, HALF = 1 << (ACTNET_WEIGHT_BITS - 1) };

static int smaller(int one, int other) { return one < other ? one : other; }

/* Weights are not negative, but those of many pixels may be a little more than 1 together. */
static uint8_t rounded(int32_t sum) { return (uint8_t)smaller(sum >> ACTNET_WEIGHT_BITS, UINT8_MAX); }

/* Along rows: pixels of 4 bytes become `width` pixels of 3. */
static void narrow_row(const ActnetPass *pass, const uint8_t *from, uint8_t *to, int width) {
  for (int x = 0; x < width; x++, to += CHANNELS) {
    const int32_t *weights = pass->weights + (size_t)pass->count * x;
    const uint8_t *pixel = from + WITH_PADDING * (size_t)pass->first[x];
    int32_t sums[WITH_PADDING] = {HALF, HALF, HALF, HALF};
    for (int k = 0; k < pass->count; k++, pixel += WITH_PADDING)
      for (int channel = 0; channel < WITH_PADDING; channel++) sums[channel] += pixel[channel] * weights[k];
    for (int channel = 0; channel < CHANNELS; channel++) to[channel] = rounded(sums[channel]);
  }
}

/* Across rows: the weighted sum of `count` rows, each `stride` bytes behind the one before it. */
static void sum_rows(const int32_t *weights, int count, const uint8_t *rows, int64_t stride, uint8_t *to,
                     int64_t bytes) {
  int64_t x = 0;
  for (; x + BLOCK <= bytes; x += BLOCK) {
    int32_t sums[BLOCK];
    for (int i = 0; i < BLOCK; i++) sums[i] = HALF;
    for (int k = 0; k < count; k++) {
      const uint8_t *row = rows + stride * k + x;
      const int32_t weight = weights[k];
      for (int i = 0; i < BLOCK; i++) sums[i] += row[i] * weight;
    }
    for (int i = 0; i < BLOCK; i++) to[x + i] = rounded(sums[i]);
  }
  for (; x < bytes; x++) {
    int32_t sum = HALF;
    for (int k = 0; k < count; k++) sum += rows[stride * k + x] * weights[k];
    to[x] = rounded(sum);
  }
}

/* The weights of one pass for products of bytes: each is the sum of three bytes with a sign, which stand apart.
 * Four weights make a word; the words of one result stand together. */
typedef struct {
  int words;
  int8_t (*parts)[3][4]; /* (results, words) */
} ByteWeights;

static int open_bytes(ByteWeights *bytes, const ActnetPass *pass, int width) {
  bytes->words = (pass->count + 3) / 4;
  bytes->parts = calloc((size_t)width * bytes->words, sizeof *bytes->parts);
  if (bytes->parts == NULL) return 0;
  for (int x = 0; x < width; x++)
    for (int k = 0; k < pass->count; k++) {
      int32_t rest = pass->weights[(size_t)pass->count * x + k];
      for (int part = 0; part < 3; part++) {
        const int8_t low = (int8_t)(uint8_t)(rest & UINT8_MAX);
        bytes->parts[(size_t)bytes->words * x + k / 4][part][k % 4] = low;
        rest = (rest - low) / 256;
      }
    }
  return 1;
}

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m128i four_bytes(const uint8_t *place) {
  int32_t bytes;
  memcpy(&bytes, place, sizeof bytes);
  return _mm_cvtsi32_si128(bytes);
}

AVX2 static inline __m128i eight_bytes(const void *place) { return _mm_loadl_epi64(place); }

/* Add the upper half of each to its lower half. */
AVX2 static inline __m256i halves_added(__m256i one, __m256i other) {
  return _mm256_add_epi32(_mm256_permute2x128_si256(one, other, 0x20),
                          _mm256_permute2x128_si256(one, other, 0x31));
}

static inline void store_pixel(uint8_t *to, uint32_t pixel, int last) {
  if (last)
    memcpy(to, &pixel, CHANNELS);
  else
    memcpy(to, &pixel, sizeof pixel); /* The next pixel overwrites the padding. */
}

AVX2 static inline __m256i added_pair(__m256i sum, const uint8_t *pixels, __m256i weights) {
  return _mm256_add_epi32(sum, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(eight_bytes(pixels)), weights));
}

AVX2 static inline __m256i added_pixel(__m256i sum, const uint8_t *pixel, __m256i weight) {
  return _mm256_add_epi32(sum, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(four_bytes(pixel)), weight));
}

/* Four rows at once, with the same weights, two pixels of each at a time. */
AVX2 static void narrow_rows_by_avx2(const ActnetPass *pass, const uint8_t *const from[ROWS],
                                     uint8_t *const to[ROWS], int width) {
  const __m256i four_each = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  const __m256i half = _mm256_set1_epi32(HALF);
  const int count = pass->count, *first = pass->first;
  const int32_t *weights = pass->weights;
  const uint8_t *const from_a = from[0], *const from_b = from[1], *const from_c = from[2], *const from_d = from[3];
  uint8_t *to_a = to[0], *to_b = to[1], *to_c = to[2], *to_d = to[3];
  for (int x = 0; x < width; x++, weights += count) {
    size_t at = WITH_PADDING * (size_t)first[x];
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    int k = 0;
    for (; k + 2 <= count; k += 2, at += 2 * WITH_PADDING) {
      const __m256i pair = _mm256_castsi128_si256(eight_bytes(weights + k));
      const __m256i spread = _mm256_permutevar8x32_epi32(pair, four_each);
      a = added_pair(a, from_a + at, spread);
      b = added_pair(b, from_b + at, spread);
      c = added_pair(c, from_c + at, spread);
      d = added_pair(d, from_d + at, spread);
    }
    if (k < count) { /* The pixel behind the last may not be there. */
      const __m256i one = _mm256_set1_epi32(weights[k]);
      a = added_pixel(a, from_a + at, one);
      b = added_pixel(b, from_b + at, one);
      c = added_pixel(c, from_c + at, one);
      d = added_pixel(d, from_d + at, one);
    }
    const __m256i first_two = _mm256_add_epi32(halves_added(a, b), half);
    const __m256i last_two = _mm256_add_epi32(halves_added(c, d), half);
    const __m256i words = _mm256_packus_epi32(_mm256_srli_epi32(first_two, ACTNET_WEIGHT_BITS),
                                              _mm256_srli_epi32(last_two, ACTNET_WEIGHT_BITS));
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m128i even = _mm256_castsi256_si128(bytes), odd = _mm256_extracti128_si256(bytes, 1);
    const int last = x + 1 == width;
    store_pixel(to_a, (uint32_t)_mm_cvtsi128_si32(even), last), to_a += CHANNELS;
    store_pixel(to_b, (uint32_t)_mm_cvtsi128_si32(odd), last), to_b += CHANNELS;
    store_pixel(to_c, (uint32_t)_mm_extract_epi32(even, 1), last), to_c += CHANNELS;
    store_pixel(to_d, (uint32_t)_mm_extract_epi32(odd, 1), last), to_d += CHANNELS;
  }
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

AVX512 static inline __m512i four_words(const int8_t weights[4]) {
  int32_t word;
  memcpy(&word, weights, sizeof word);
  return _mm512_set1_epi32(word);
}

/* Up to four pixels of each of four rows, a row after the other; channels stand together. */
AVX512 static inline __m512i channels_of(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m256i ab = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
  const __m256i cd = _mm256_inserti128_si256(_mm256_castsi128_si256(c), d, 1);
  return _mm512_shuffle_epi8(_mm512_inserti64x4(_mm512_castsi256_si512(ab), cd, 1), order);
}

AVX512 static inline __m128i four_pixels(const uint8_t *place) { return _mm_loadu_si128((const __m128i *)place); }

/* Those behind the mask's are not read. */
AVX512 static inline __m128i masked_pixels(__mmask16 mask, const uint8_t *place) {
  return _mm512_castsi512_si128(_mm512_maskz_loadu_epi32(mask, place));
}

/* Four rows at once, with the same weights, four pixels of each at a time. */
AVX512 static void narrow_rows_by_avx512(const ActnetPass *pass, const ByteWeights *bytes,
                                         const uint8_t *const from[ROWS], uint8_t *const to[ROWS], int width) {
  const int whole = pass->count / 4, *first = pass->first;
  const __mmask16 rest = (__mmask16)((1 << pass->count % 4) - 1);
  const __m512i half = _mm512_set1_epi32(HALF);
  const int8_t(*weights)[3][4] = bytes->parts;
  const uint8_t *const from_a = from[0], *const from_b = from[1], *const from_c = from[2], *const from_d = from[3];
  uint8_t *to_a = to[0], *to_b = to[1], *to_c = to[2], *to_d = to[3];
  for (int x = 0; x < width; x++) {
    size_t at = WITH_PADDING * (size_t)first[x];
    __m512i low = half, middle = _mm512_setzero_si512(), high = middle;
    for (int k = 0; k < whole; k++, at += 4 * WITH_PADDING, weights++) {
      const __m512i pixels = channels_of(four_pixels(from_a + at), four_pixels(from_b + at),
                                         four_pixels(from_c + at), four_pixels(from_d + at));
      low = _mm512_dpbusd_epi32(low, pixels, four_words((*weights)[0]));
      middle = _mm512_dpbusd_epi32(middle, pixels, four_words((*weights)[1]));
      high = _mm512_dpbusd_epi32(high, pixels, four_words((*weights)[2]));
    }
    if (rest) {
      const __m512i pixels = channels_of(masked_pixels(rest, from_a + at), masked_pixels(rest, from_b + at),
                                         masked_pixels(rest, from_c + at), masked_pixels(rest, from_d + at));
      low = _mm512_dpbusd_epi32(low, pixels, four_words((*weights)[0]));
      middle = _mm512_dpbusd_epi32(middle, pixels, four_words((*weights)[1]));
      high = _mm512_dpbusd_epi32(high, pixels, four_words((*weights)[2]));
      weights++;
    }
    const __m512i upper = _mm512_add_epi32(_mm512_slli_epi32(middle, 8), _mm512_slli_epi32(high, 16));
    const __m512i sums = _mm512_srli_epi32(_mm512_add_epi32(low, upper), ACTNET_WEIGHT_BITS);
    const __m128i result = _mm512_cvtusepi32_epi8(sums);
    const int last = x + 1 == width;
    store_pixel(to_a, (uint32_t)_mm_cvtsi128_si32(result), last), to_a += CHANNELS;
    store_pixel(to_b, (uint32_t)_mm_extract_epi32(result, 1), last), to_b += CHANNELS;
    store_pixel(to_c, (uint32_t)_mm_extract_epi32(result, 2), last), to_c += CHANNELS;
    store_pixel(to_d, (uint32_t)_mm_extract_epi32(result, 3), last), to_d += CHANNELS;
  }
}

AVX512 static inline __m512i added_bytes(__m512i sums, const uint8_t *place, __m512i weight) {
  return _mm512_add_epi32(sums, _mm512_mullo_epi32(_mm512_cvtepu8_epi32(four_pixels(place)), weight));
}

AVX512 static inline void store_rounded(uint8_t *to, __m512i sums) {
  const __m128i bytes = _mm512_cvtusepi32_epi8(_mm512_srli_epi32(sums, ACTNET_WEIGHT_BITS));
  _mm_storeu_si128((__m128i *)to, bytes);
}

enum { WIDE_BLOCK = 32, WIDEST_BLOCK = 64 };

AVX512 static void sum_rows_by_avx512(const int32_t *weights, int count, const uint8_t *rows, int64_t stride,
                                      uint8_t *to, int64_t bytes) {
  const __m512i half = _mm512_set1_epi32(HALF);
  for (int64_t at = 0; at < bytes; at += WIDEST_BLOCK) {
    /* The last block begins where it still fits, and makes a few bytes again. */
    const int64_t x = at + WIDEST_BLOCK <= bytes ? at : bytes - WIDEST_BLOCK;
    __m512i a = half, b = half, c = half, d = half;
    const uint8_t *place = rows + x;
    for (int k = 0; k < count; k++, place += stride) {
      const __m512i weight = _mm512_set1_epi32(weights[k]);
      a = added_bytes(a, place, weight);
      b = added_bytes(b, place + 16, weight);
      c = added_bytes(c, place + 32, weight);
      d = added_bytes(d, place + 48, weight);
    }
    store_rounded(to + x, a);
    store_rounded(to + x + 16, b);
    store_rounded(to + x + 32, c);
    store_rounded(to + x + 48, d);
  }
}

AVX2 static inline __m256i weighted(const uint8_t *place, __m256i weight) {
  return _mm256_mullo_epi32(_mm256_cvtepu8_epi32(eight_bytes(place)), weight);
}

AVX2 static inline __m256i rounded_words(__m256i one, __m256i other) {
  return _mm256_packus_epi32(_mm256_srli_epi32(one, ACTNET_WEIGHT_BITS),
                             _mm256_srli_epi32(other, ACTNET_WEIGHT_BITS));
}

AVX2 static void sum_rows_by_avx2(const int32_t *weights, int count, const uint8_t *rows, int64_t stride,
                                  uint8_t *to, int64_t bytes) {
  const __m256i half = _mm256_set1_epi32(HALF), in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int64_t at = 0; at < bytes; at += WIDE_BLOCK) {
    /* The last block begins where it still fits, and makes a few bytes again. */
    const int64_t x = at + WIDE_BLOCK <= bytes ? at : bytes - WIDE_BLOCK;
    __m256i a = half, b = half, c = half, d = half;
    const uint8_t *place = rows + x;
    for (int k = 0; k < count; k++, place += stride) {
      const __m256i weight = _mm256_set1_epi32(weights[k]);
      a = _mm256_add_epi32(a, weighted(place, weight));
      b = _mm256_add_epi32(b, weighted(place + 8, weight));
      c = _mm256_add_epi32(c, weighted(place + 16, weight));
      d = _mm256_add_epi32(d, weighted(place + 24, weight));
    }
    const __m256i mixed = _mm256_packus_epi16(rounded_words(a, b), rounded_words(c, d));
    _mm256_storeu_si256((__m256i *)(to + x), _mm256_permutevar8x32_epi32(mixed, in_order));
  }
}

#endif

static int multiplies_bytes(void) {
#ifdef __x86_64__
  return actnet_width() >= ACTNET_WIDTH_64;
#else
  return 0;
#endif
}

/* bytes: the weights where the processor multiplies bytes. */
static void narrow_rows(const ActnetPass *pass, const ByteWeights *bytes, const uint8_t *const from[ROWS],
                        uint8_t *const to[ROWS], int width) {
#ifdef __x86_64__
  if (bytes->parts != NULL) {
    narrow_rows_by_avx512(pass, bytes, from, to, width);
    return;
  }
  if (actnet_width() >= ACTNET_WIDTH_32) {
    narrow_rows_by_avx2(pass, from, to, width);
    return;
  }
#endif
  (void)bytes;
  for (int row = 0; row < ROWS; row++)
    if (row == 0 || to[row] != to[row - 1]) narrow_row(pass, from[row], to[row], width);
}

/* One row of the result, of the rows from `rows` on. */
static void lower_row(const ActnetPass *pass, int y, const uint8_t *rows, int64_t stride, uint8_t *to,
                      int64_t bytes) {
  const int32_t *weights = pass->weights + (size_t)pass->count * y;
#ifdef __x86_64__
  if (bytes >= WIDEST_BLOCK && actnet_width() >= ACTNET_WIDTH_64) {
    sum_rows_by_avx512(weights, pass->count, rows, stride, to, bytes);
    return;
  }
  if (bytes >= WIDE_BLOCK && actnet_width() >= ACTNET_WIDTH_32) {
    sum_rows_by_avx2(weights, pass->count, rows, stride, to, bytes);
    return;
  }
#endif
  sum_rows(weights, pass->count, rows, stride, to, bytes);
}

static void with_padding(const uint8_t *rgb, uint8_t *padded, int width) {
  for (int x = 0; x < width; x++, rgb += CHANNELS, padded += WITH_PADDING) {
    padded[0] = rgb[0], padded[1] = rgb[1], padded[2] = rgb[2], padded[3] = 0;
  }
}

static void without_padding(const uint8_t *padded, uint8_t *rgb, int width) {
  for (int x = 0; x < width; x++, rgb += CHANNELS, padded += WITH_PADDING) {
    rgb[0] = padded[0], rgb[1] = padded[1], rgb[2] = padded[2];
  }
}

/* What brings rows to `width` and pixels to 3 bytes. Without a pass the width is right already. */
typedef struct {
  const ActnetPass *pass;
  int width;
  ByteWeights bytes;
  uint8_t *padded; /* four rows, where pixels have no padding */
} Narrower;

static int open_narrower(Narrower *narrower, const ActnetPass *pass, const ActnetPixels *picture, int width) {
  const int pads = pass != NULL && picture->pixel_bytes == CHANNELS;
  *narrower = (Narrower){.pass = pass, .width = width};
  if (pads) narrower->padded = malloc(ROWS * WITH_PADDING * (size_t)picture->width);
  /* Taking the weights apart must not cost more than it saves. */
  const int in_bytes = pass != NULL && picture->height >= MANY_ROWS && multiplies_bytes();
  const int opened = !in_bytes || open_bytes(&narrower->bytes, pass, width);
  return opened && (!pads || narrower->padded != NULL);
}

static void close_narrower(Narrower *narrower) {
  free(narrower->padded);
  free(narrower->bytes.parts);
}

/* Narrow the rows from `y` on: four, or as many as there are. Returns their number. */
static int narrow_four(const Narrower *narrower, const ActnetPixels *picture, int y, uint8_t *to) {
  const int rows = smaller(ROWS, picture->height - y);
  const int64_t stride = CHANNELS * (int64_t)narrower->width;
  const uint8_t *from[ROWS];
  uint8_t *results[ROWS];
  for (int k = 0; k < ROWS; k++) {
    const int row = smaller(k, rows - 1); /* The last row may be done again. */
    from[k] = picture->pixels + picture->row_bytes * (y + row);
    results[k] = to + stride * row;
    if (narrower->padded != NULL) {
      uint8_t *padded = narrower->padded + WITH_PADDING * (int64_t)picture->width * row;
      if (k == row) with_padding(from[k], padded, picture->width);
      from[k] = padded;
    }
  }
  if (narrower->pass != NULL) {
    narrow_rows(narrower->pass, &narrower->bytes, from, results, narrower->width);
    return rows;
  }
  for (int k = 0; k < rows; k++) {
    if (picture->pixel_bytes == CHANNELS)
      memcpy(results[k], from[k], (size_t)stride);
    else
      without_padding(from[k], results[k], narrower->width);
  }
  return rows;
}

static int only_narrow(const Narrower *narrower, const ActnetPixels *picture, uint8_t *rgb) {
  const int64_t stride = CHANNELS * (int64_t)narrower->width;
  for (int y = 0; y < picture->height;) y += narrow_four(narrower, picture, y, rgb + stride * y);
  return 1;
}

/* Few narrow rows are kept at once, so that they stay in the cache. */
static int rows_first(const Narrower *narrower, const ActnetPixels *picture, const ActnetPass *down,
                      uint8_t *rgb, int height) {
  if (down == NULL) return only_narrow(narrower, picture, rgb);
  const int64_t stride = CHANNELS * (int64_t)narrower->width;
  const int64_t room = 4 * ((int64_t)down->count + ROWS);
  uint8_t *kept = malloc((size_t)(stride * room));
  if (kept == NULL) return 0;
  int64_t begin = 0; /* the first row that is kept */
  int ready = 0;     /* the rows that have been narrowed */
  for (int y = 0; y < height; y++) {
    const int first = down->first[y];
    while (ready < first + down->count) {
      if (ready - begin + ROWS > room) {
        const int64_t needed = smaller(first, ready);
        memmove(kept, kept + stride * (needed - begin), (size_t)(stride * (ready - needed)));
        begin = needed;
      }
      ready += narrow_four(narrower, picture, ready, kept + stride * (ready - begin));
    }
    lower_row(down, y, kept + stride * (first - begin), stride, rgb + stride * y, stride);
  }
  free(kept);
  return 1;
}

static int columns_before(const Narrower *narrower, const ActnetPixels *picture, const ActnetPass *down,
                          uint8_t *rgb, int height) {
  if (down == NULL) return only_narrow(narrower, picture, rgb);
  const int64_t stride = picture->pixel_bytes * (int64_t)picture->width;
  uint8_t *kept = malloc((size_t)(ROWS * stride));
  if (kept == NULL) return 0;
  for (int y = 0; y < height; y += ROWS) {
    const int rows = smaller(ROWS, height - y);
    const ActnetPixels lowered = {kept, picture->width, rows, picture->pixel_bytes, stride};
    for (int k = 0; k < rows; k++) {
      const uint8_t *from = picture->pixels + picture->row_bytes * down->first[y + k];
      lower_row(down, y + k, from, picture->row_bytes, kept + stride * k, stride);
    }
    narrow_four(narrower, &lowered, 0, rgb + CHANNELS * (int64_t)narrower->width * y);
  }
  free(kept);
  return 1;
}

int actnet_resize(const ActnetPixels *picture, uint8_t *rgb, int32_t width, int32_t height, int columns_first) {
  if (picture->width < 1 || picture->height < 1 || width < 1 || height < 1) return 0;
  if (picture->pixel_bytes != CHANNELS && picture->pixel_bytes != WITH_PADDING) return 0;
  const int narrows = picture->width != width, lowers = picture->height != height;
  ActnetPass across = {0}, down = {0};
  Narrower narrower = {0};
  int ready = (!narrows || actnet_pass_open(&across, picture->width, width)) &&
              (!lowers || actnet_pass_open(&down, picture->height, height)) &&
              open_narrower(&narrower, narrows ? &across : NULL, picture, width);
  if (ready)
    ready = (columns_first ? columns_before : rows_first)(&narrower, picture, lowers ? &down : NULL, rgb, height);
  close_narrower(&narrower);
  actnet_pass_close(&across);
  actnet_pass_close(&down);
  return ready;
}

void actnet_turn(const uint8_t *rgb, int32_t width, int32_t height, int turn_deg, uint8_t *turned) {
  /* From one pixel of a row to the next, and from one row to the next, in what is turned. */
  int64_t start = 0, along = CHANNELS, across = CHANNELS * (int64_t)width;
  if (turn_deg == 90)
    start = CHANNELS * (int64_t)(height - 1), along = CHANNELS * (int64_t)height, across = -CHANNELS;
  else if (turn_deg == 180)
    start = CHANNELS * ((int64_t)width * height - 1), along = -CHANNELS, across = -across;
  else if (turn_deg == 270)
    start = CHANNELS * (int64_t)height * (width - 1), along = -CHANNELS * (int64_t)height, across = CHANNELS;
  for (int y = 0; y < height; y++) {
    uint8_t *to = turned + start + across * y;
    for (int x = 0; x < width; x++, rgb += CHANNELS, to += along) {
      to[0] = rgb[0], to[1] = rgb[1], to[2] = rgb[2];
    }
  }
}
