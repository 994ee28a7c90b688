#include "actnet_resize.h"

#include <stdlib.h>
#include <string.h>

#include "actnet_grey.h"
#include "actnet_processor.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { CHANNELS = 3, WITH_PADDING = 4, ROWS = 4, BLOCK = 16, HALF = 1 << (ACTNET_WEIGHT_BITS - 1) };

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

enum { WIDE_BLOCK = 32 };

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

static void narrow_rows(const ActnetPass *pass, const uint8_t *const from[ROWS], uint8_t *const to[ROWS],
                        int width) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) {
    narrow_rows_by_avx2(pass, from, to, width);
    return;
  }
#endif
  for (int row = 0; row < ROWS; row++)
    if (row == 0 || to[row] != to[row - 1]) narrow_row(pass, from[row], to[row], width);
}

/* All columns to `height`: `bytes` of each row. */
static void lower_rows(const ActnetPass *pass, const uint8_t *rows, int64_t stride, uint8_t *to, int64_t bytes,
                       int height) {
  for (int y = 0; y < height; y++, to += bytes) {
    const int32_t *weights = pass->weights + (size_t)pass->count * y;
    const uint8_t *first = rows + stride * pass->first[y];
#ifdef __x86_64__
    if (bytes >= WIDE_BLOCK && actnet_width() >= ACTNET_WIDTH_32) {
      sum_rows_by_avx2(weights, pass->count, first, stride, to, bytes);
      continue;
    }
#endif
    sum_rows(weights, pass->count, first, stride, to, bytes);
  }
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

/* All rows to `width`; pixels of 3 bytes. Without a pass they are only brought to 3 bytes. */
static int narrow(const ActnetPass *pass, const ActnetPixels *picture, uint8_t *to, int width) {
  const int pads = picture->pixel_bytes == CHANNELS && pass != NULL;
  const size_t row_bytes = WITH_PADDING * (size_t)picture->width;
  uint8_t *padded = pads ? malloc(ROWS * row_bytes) : NULL;
  if (pads && padded == NULL) return 0;
  for (int y = 0; y < picture->height; y += pass == NULL ? 1 : ROWS) {
    const uint8_t *from[ROWS];
    uint8_t *results[ROWS];
    for (int k = 0; k < (pass == NULL ? 1 : ROWS); k++) {
      const int row = smaller(y + k, picture->height - 1); /* The last row may be done again. */
      from[k] = picture->pixels + picture->row_bytes * row;
      results[k] = to + CHANNELS * (size_t)width * row;
      if (pads) {
        uint8_t *place = padded + row_bytes * (row - y);
        if (y + k == row) with_padding(from[k], place, picture->width);
        from[k] = place;
      }
    }
    if (pass != NULL)
      narrow_rows(pass, from, results, width);
    else if (picture->pixel_bytes == CHANNELS)
      memcpy(results[0], from[0], CHANNELS * (size_t)width);
    else
      without_padding(from[0], results[0], width);
  }
  free(padded);
  return 1;
}

static int rows_first(const ActnetPixels *picture, const ActnetPass *across, const ActnetPass *down,
                      uint8_t *rgb, int width, int height) {
  if (down == NULL) return narrow(across, picture, rgb, width);
  const int64_t stride = CHANNELS * (int64_t)width;
  uint8_t *rows = malloc((size_t)(stride * picture->height));
  const int ready = rows != NULL && narrow(across, picture, rows, width);
  if (ready) lower_rows(down, rows, stride, rgb, stride, height);
  free(rows);
  return ready;
}

static int columns_before(const ActnetPixels *picture, const ActnetPass *across, const ActnetPass *down,
                          uint8_t *rgb, int width, int height) {
  if (down == NULL) return narrow(across, picture, rgb, width);
  const int64_t stride = picture->pixel_bytes * (int64_t)picture->width;
  uint8_t *rows = malloc((size_t)(stride * height));
  const ActnetPixels lowered = {rows, picture->width, height, picture->pixel_bytes, stride};
  if (rows != NULL) lower_rows(down, picture->pixels, picture->row_bytes, rows, stride, height);
  const int ready = rows != NULL && narrow(across, &lowered, rgb, width);
  free(rows);
  return ready;
}

int actnet_resize(const ActnetPixels *picture, uint8_t *rgb, int32_t width, int32_t height, int columns_first) {
  if (picture->width < 1 || picture->height < 1 || width < 1 || height < 1) return 0;
  if (picture->pixel_bytes != CHANNELS && picture->pixel_bytes != WITH_PADDING) return 0;
  const int narrower = picture->width != width, lower = picture->height != height;
  ActnetPass across = {0}, down = {0};
  int ready = (!narrower || actnet_pass_open(&across, picture->width, width)) &&
              (!lower || actnet_pass_open(&down, picture->height, height));
  if (ready)
    ready = (columns_first ? columns_before : rows_first)(picture, narrower ? &across : NULL, lower ? &down : NULL,
                                                          rgb, width, height);
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
