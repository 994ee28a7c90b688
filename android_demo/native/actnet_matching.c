#include "actnet_matching.h"

#include <string.h>

#if defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__x86_64__)
#include "actnet_processor.h"

#include <immintrin.h>
#endif

enum { FARTHEST = 8 * ACTNET_CODE_BYTES + 1 };

static inline void offer(ActnetNearest *found, int32_t column, int apart) {
  if (apart >= found->second) return;
  if (apart < found->nearest)
    found->second = found->nearest, found->nearest = apart, found->column = column;
  else
    found->second = apart;
}

/* Codes as they are; NEON reads whole blocks of them. */
enum { BLOCK = 16 };

static size_t copied_bytes(int32_t count) {
  return ((size_t)count + BLOCK - 1) / BLOCK * BLOCK * ACTNET_CODE_BYTES;
}

static void copy(const uint8_t *codes, int32_t count, uint8_t *arranged) {
  const size_t bytes = (size_t)count * ACTNET_CODE_BYTES;
  memcpy(arranged, codes, bytes);
  memset(arranged + bytes, 0, copied_bytes(count) - bytes);
}

#if defined(__aarch64__)

/* Bits that differ, counted by byte. */
static uint8x16_t differing(uint8x16_t code, const uint8_t *other) {
  return vcntq_u8(veorq_u8(code, vld1q_u8(other)));
}

/* Sums of neighbours, so that in the end each of 16 codes has one byte. */
static uint8x16_t of_four(uint8x16_t code, const uint8_t *others) {
  return vpaddq_u8(vpaddq_u8(differing(code, others), differing(code, others + 16)),
                   vpaddq_u8(differing(code, others + 32), differing(code, others + 48)));
}

static ActnetNearest nearest_by_neon(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others,
                                     int32_t count) {
  ActnetNearest found = {0, FARTHEST, FARTHEST};
  const uint8x16_t asked = vld1q_u8(code);
  for (int32_t start = 0; start < count; start += BLOCK) {
    const uint8_t *block = others + (size_t)start * ACTNET_CODE_BYTES;
    uint8x16_t apart = vpaddq_u8(vpaddq_u8(of_four(asked, block), of_four(asked, block + 64)),
                                 vpaddq_u8(of_four(asked, block + 128), of_four(asked, block + 192)));
    /* Rarely is one of 16 nearer than the second nearest so far. */
    if (vminvq_u8(apart) >= found.second) continue;
    uint8_t values[BLOCK];
    vst1q_u8(values, apart);
    for (int k = 0; k < BLOCK && start + k < count; k++) offer(&found, start + k, values[k]);
  }
  return found;
}

#endif

static ActnetNearest nearest_one_by_one(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others,
                                        int32_t count) {
  ActnetNearest found = {0, FARTHEST, FARTHEST};
  uint64_t asked[2], other[2];
  memcpy(asked, code, sizeof asked);
  for (int32_t k = 0; k < count; k++) {
    memcpy(other, others + (size_t)k * ACTNET_CODE_BYTES, sizeof other);
    offer(&found, k, __builtin_popcountll(asked[0] ^ other[0]) +
                         __builtin_popcountll(asked[1] ^ other[1]));
  }
  return found;
}

#ifdef __x86_64__

/* The same, compiled again: the bits of 8 bytes are counted in one instruction, which a virtual machine may lack. */
__attribute__((target("popcnt"), flatten)) static ActnetNearest nearest_by_popcnt(
    const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others, int32_t count) {
  return nearest_one_by_one(code, others, count);
}

/* On x86-64 codes lie in blocks of 64, piece by piece: the first pieces of all 64, their second ones, and so on. A lane of
 * a vector then sums up the bits of one code, and keeps the smallest sum of all blocks, with the block's number in a byte. */
enum { LANES = 64, MAX_BLOCKS = 256, NIBBLES = 2 * ACTNET_CODE_BYTES };

/* What the lanes have kept; the block is that of the nearest. */
typedef struct {
  uint8_t nearest[LANES], second[LANES], block[LANES];
} Lanes;

static size_t blocks_of(int32_t count) { return ((size_t)count + LANES - 1) / LANES; }

static size_t bytes_apart_bytes(int32_t count) { return blocks_of(count) * LANES * ACTNET_CODE_BYTES; }

static size_t nibbles_apart_bytes(int32_t count) { return blocks_of(count) * LANES * NIBBLES; }

static void lay_bytes_apart(const uint8_t *codes, int32_t count, uint8_t *arranged) {
  memset(arranged, 0, bytes_apart_bytes(count));
  for (int32_t k = 0; k < count; k++, codes += ACTNET_CODE_BYTES) {
    uint8_t *lane = arranged + (size_t)(k / LANES) * LANES * ACTNET_CODE_BYTES + k % LANES;
    for (int byte = 0; byte < ACTNET_CODE_BYTES; byte++) lane[byte * LANES] = codes[byte];
  }
}

static void lay_nibbles_apart(const uint8_t *codes, int32_t count, uint8_t *arranged) {
  memset(arranged, 0, nibbles_apart_bytes(count));
  for (int32_t k = 0; k < count; k++, codes += ACTNET_CODE_BYTES) {
    uint8_t *lane = arranged + (size_t)(k / LANES) * LANES * NIBBLES + k % LANES;
    for (int byte = 0; byte < ACTNET_CODE_BYTES; byte++) {
      lane[2 * byte * LANES] = codes[byte] & 15;
      lane[(2 * byte + 1) * LANES] = codes[byte] >> 4;
    }
  }
}

__attribute__((target("avx2"))) static inline int smallest_of(__m256i one, __m256i other) {
  const __m256i both = _mm256_min_epu8(one, other);
  const __m128i half = _mm_min_epu8(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  return _mm_extract_epi16(_mm_minpos_epu16(_mm_min_epu8(half, _mm_srli_epi16(half, 8))), 0);
}

/* Offers the nearest and the second nearest of all lanes; `start` is the column of the first lane's first code. */
__attribute__((target("avx2"))) static void offer_lanes(ActnetNearest *found, int32_t start, const Lanes *lanes) {
  const __m256i *nearest = (const __m256i *)lanes->nearest, *second = (const __m256i *)lanes->second;
  const __m256i one = _mm256_loadu_si256(nearest), other = _mm256_loadu_si256(nearest + 1);
  const int least = smallest_of(one, other);
  const __m256i wanted = _mm256_set1_epi8((char)least);
  const __m256i in_one = _mm256_cmpeq_epi8(one, wanted), in_other = _mm256_cmpeq_epi8(other, wanted);
  uint64_t left = (uint32_t)_mm256_movemask_epi8(in_one) | (uint64_t)(uint32_t)_mm256_movemask_epi8(in_other) << 32;
  int32_t column = INT32_MAX;
  const int twice = (left & (left - 1)) != 0;
  for (; left; left &= left - 1) {
    const int lane = __builtin_ctzll(left);
    const int32_t place = lanes->block[lane] * LANES + lane;
    column = place < column ? place : column;
  }
  offer(found, start + column, least);
  offer(found, start + column,
        twice ? least
              : smallest_of(_mm256_blendv_epi8(one, _mm256_loadu_si256(second), in_one),
                            _mm256_blendv_epi8(other, _mm256_loadu_si256(second + 1), in_other)));
}

static int smaller(int one, int other) { return one < other ? one : other; }

/* Row q has the bits that q and each of 0 to 15 differ in. */
static const uint8_t APART[16][16] = {
    {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4}, {1, 0, 2, 1, 2, 1, 3, 2, 2, 1, 3, 2, 3, 2, 4, 3},
    {1, 2, 0, 1, 2, 3, 1, 2, 2, 3, 1, 2, 3, 4, 2, 3}, {2, 1, 1, 0, 3, 2, 2, 1, 3, 2, 2, 1, 4, 3, 3, 2},
    {1, 2, 2, 3, 0, 1, 1, 2, 2, 3, 3, 4, 1, 2, 2, 3}, {2, 1, 3, 2, 1, 0, 2, 1, 3, 2, 4, 3, 2, 1, 3, 2},
    {2, 3, 1, 2, 1, 2, 0, 1, 3, 4, 2, 3, 2, 3, 1, 2}, {3, 2, 2, 1, 2, 1, 1, 0, 4, 3, 3, 2, 3, 2, 2, 1},
    {1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3}, {2, 1, 3, 2, 3, 2, 4, 3, 1, 0, 2, 1, 2, 1, 3, 2},
    {2, 3, 1, 2, 3, 4, 2, 3, 1, 2, 0, 1, 2, 3, 1, 2}, {3, 2, 2, 1, 4, 3, 3, 2, 2, 1, 1, 0, 3, 2, 2, 1},
    {2, 3, 3, 4, 1, 2, 2, 3, 1, 2, 2, 3, 0, 1, 1, 2}, {3, 2, 4, 3, 2, 1, 3, 2, 2, 1, 3, 2, 1, 0, 2, 1},
    {3, 4, 2, 3, 2, 3, 1, 2, 2, 3, 1, 2, 1, 2, 0, 1}, {4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0}};

/* All lanes, in two vectors. */
typedef struct {
  __m256i halves[2];
} Wide;

typedef struct {
  Wide nearest, second, block;
} WideLanes;

__attribute__((target("avx2"))) static inline Wide apart_from_block(const __m256i *tables, const uint8_t *block) {
  __m256i one = _mm256_setzero_si256(), other = one;
#pragma GCC unroll 4
  for (int k = 0; k < NIBBLES; k++, block += LANES) {
    const __m256i *pieces = (const __m256i *)block;
    one = _mm256_add_epi8(one, _mm256_shuffle_epi8(tables[k], _mm256_loadu_si256(pieces)));
    other = _mm256_add_epi8(other, _mm256_shuffle_epi8(tables[k], _mm256_loadu_si256(pieces + 1)));
  }
  return (Wide){{one, other}};
}

/* Puts the lanes from `left` on farther away than any code. */
__attribute__((target("avx2"))) static inline Wide only_first(Wide apart, int left) {
  const __m256i last = _mm256_set1_epi8((char)(left - 1));
  for (int half = 0; half < 2; half++) {
    const __m256i numbers = _mm256_add_epi8(
        _mm256_set1_epi8((char)(32 * half)),
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
                         25, 26, 27, 28, 29, 30, 31));
    apart.halves[half] = _mm256_or_si256(apart.halves[half], _mm256_cmpgt_epi8(numbers, last));
  }
  return apart;
}

__attribute__((target("avx2"))) static inline void keep_block(WideLanes *lanes, Wide apart, int block) {
  for (int half = 0; half < 2; half++) {
    __m256i *nearest = &lanes->nearest.halves[half], *second = &lanes->second.halves[half];
    __m256i *numbers = &lanes->block.halves[half];
    const __m256i less = _mm256_min_epu8(*nearest, apart.halves[half]);
    const __m256i same = _mm256_cmpeq_epi8(less, *nearest);
    *second = _mm256_min_epu8(*second, _mm256_max_epu8(*nearest, apart.halves[half]));
    *numbers = _mm256_blendv_epi8(_mm256_set1_epi8((char)block), *numbers, same);
    *nearest = less;
  }
}

__attribute__((target("avx2"))) static inline void store(uint8_t *lanes, Wide wide) {
  for (int half = 0; half < 2; half++) _mm256_storeu_si256((__m256i *)lanes + half, wide.halves[half]);
}

/* Looks up how many bits each four of the code differ in from those of 32 others. */
__attribute__((target("avx2"))) static ActnetNearest nearest_by_avx2(const uint8_t code[ACTNET_CODE_BYTES],
                                                                     const uint8_t *arranged, int32_t count) {
  ActnetNearest found = {0, FARTHEST, FARTHEST};
  __m256i tables[NIBBLES];
  for (int k = 0; k < NIBBLES; k++) {
    const int four = k % 2 ? code[k / 2] >> 4 : code[k / 2] & 15;
    tables[k] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)APART[four]));
  }
  const Wide none = {{_mm256_set1_epi8(-1), _mm256_set1_epi8(-1)}};
  for (int32_t start = 0; start < count; start += MAX_BLOCKS * LANES) {
    WideLanes wide = {none, none, none};
    const int left = smaller(count - start, MAX_BLOCKS * LANES);
    for (int block = 0; block * LANES < left; block++, arranged += NIBBLES * LANES) {
      Wide apart = apart_from_block(tables, arranged);
      if ((block + 1) * LANES > left) apart = only_first(apart, left - block * LANES);
      keep_block(&wide, apart, block);
    }
    Lanes lanes;
    store(lanes.nearest, wide.nearest), store(lanes.second, wide.second), store(lanes.block, wide.block);
    offer_lanes(&found, start, &lanes);
  }
  return found;
}

/* Counts the bits of 64 bytes in one instruction. */
__attribute__((target("avx512f,avx512bw,avx512bitalg"))) static ActnetNearest nearest_by_avx512(
    const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *arranged, int32_t count) {
  ActnetNearest found = {0, FARTHEST, FARTHEST};
  __m512i asked[ACTNET_CODE_BYTES];
  for (int byte = 0; byte < ACTNET_CODE_BYTES; byte++) asked[byte] = _mm512_set1_epi8((char)code[byte]);
  const __m512i none = _mm512_set1_epi8(-1);
  for (int32_t start = 0; start < count; start += MAX_BLOCKS * LANES) {
    __m512i nearest = none, second = none, numbers = none;
    const int left = smaller(count - start, MAX_BLOCKS * LANES);
    for (int block = 0; block * LANES < left; block++) {
      __m512i apart = _mm512_setzero_si512();
#pragma GCC unroll 16
      for (int byte = 0; byte < ACTNET_CODE_BYTES; byte++, arranged += LANES)
        apart = _mm512_add_epi8(
            apart, _mm512_popcnt_epi8(_mm512_xor_si512(asked[byte], _mm512_loadu_si512(arranged))));
      if ((block + 1) * LANES > left)
        apart = _mm512_mask_blend_epi8(~(uint64_t)0 << (left & (LANES - 1)), apart, none);
      const __mmask64 nearer = _mm512_cmplt_epu8_mask(apart, nearest);
      second = _mm512_min_epu8(second, _mm512_max_epu8(nearest, apart));
      numbers = _mm512_mask_blend_epi8(nearer, numbers, _mm512_set1_epi8((char)block));
      nearest = _mm512_min_epu8(nearest, apart);
    }
    Lanes lanes;
    _mm512_storeu_si512(lanes.nearest, nearest);
    _mm512_storeu_si512(lanes.second, second);
    _mm512_storeu_si512(lanes.block, numbers);
    offer_lanes(&found, start, &lanes);
  }
  return found;
}

#endif

static const ActnetMatching WAYS[] = {
#if defined(__aarch64__)
    {"neon", copied_bytes, copy, nearest_by_neon},
#elif defined(__x86_64__)
    {"avx512", bytes_apart_bytes, lay_bytes_apart, nearest_by_avx512},
    {"avx2", nibbles_apart_bytes, lay_nibbles_apart, nearest_by_avx2},
    {"popcnt", copied_bytes, copy, nearest_by_popcnt},
#endif
    {"one by one", copied_bytes, copy, nearest_one_by_one},
};

#ifdef __x86_64__
static int has_popcnt(void) {
  uint32_t eax, ebx, ecx, edx;
  return ACTNET_WIDEST >= ACTNET_WIDTH_16 && __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_POPCNT);
}
#endif

static int fastest(void) {
#ifdef __x86_64__
  const ActnetWidth width = actnet_width();
  return width == ACTNET_WIDTH_64 ? 0 : width == ACTNET_WIDTH_32 ? 1 : has_popcnt() ? 2 : 3;
#else
  return 0;
#endif
}

const ActnetMatching *actnet_matching(void) { return WAYS + fastest(); }
