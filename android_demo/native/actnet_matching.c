#include "actnet_matching.h"

#include <string.h>

#ifdef __aarch64__
#include <arm_neon.h>
#endif

enum { FARTHEST = 8 * ACTNET_CODE_BYTES + 1 };

static inline void offer(ActnetNearest *found, int32_t column, int apart) {
  if (apart >= found->second) return;
  if (apart < found->nearest)
    found->second = found->nearest, found->nearest = apart, found->column = column;
  else
    found->second = apart;
}

#ifdef __aarch64__

enum { BLOCK = 16 };

/* Bits that differ, counted by byte. */
static uint8x16_t differing(uint8x16_t code, const uint8_t *other) {
  return vcntq_u8(veorq_u8(code, vld1q_u8(other)));
}

/* Sums of neighbours, so that in the end each of 16 codes has one byte. */
static uint8x16_t of_four(uint8x16_t code, const uint8_t *others) {
  return vpaddq_u8(vpaddq_u8(differing(code, others), differing(code, others + 16)),
                   vpaddq_u8(differing(code, others + 32), differing(code, others + 48)));
}

ActnetNearest actnet_nearest(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others,
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

#else

/* Every x86-64 processor of today counts bits in one instruction; compilers do not suppose so. */
#ifdef __x86_64__
__attribute__((target("popcnt")))
#endif
ActnetNearest actnet_nearest(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others,
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

#endif
