/* Several floats at once: what GCC and Clang make NEON, SSE, AVX2 or WebAssembly's vectors of, and plain code elsewhere.
 *
 * Defined for as many lanes as ACTNET_LANES says, 4 where nothing is said. A file whose work pays with 8 lanes has
 * its loops in a header, and includes that once with 4 and, on x86-64, once with 8; actnet_width() says whether the
 * functions of 8 may be called. Each lane does the same in both, so results are equal to the bit. ACTNET_NAME(x) is
 * x_4 or x_8, so that both can be called; functions of 8 lanes begin with ACTNET_TARGET.
 */
#ifndef ACTNET_LANES
#define ACTNET_LANES 4
#endif

#ifndef ACTNET_NAME
#include <stdint.h>
#include <string.h>

#if defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#endif

#define ACTNET_PASTED(name, lanes) name##_##lanes
#define ACTNET_WITH(name, lanes) ACTNET_PASTED(name, lanes)
#define ACTNET_NAME(name) ACTNET_WITH(name, ACTNET_LANES)

#define ACTNET_TARGET ACTNET_NAME(ACTNET_TARGET)
#define ACTNET_TARGET_4
#define ACTNET_TARGET_8 __attribute__((target("avx2")))

#define ActnetLanes ACTNET_NAME(ActnetLanes)
#define ActnetMask ACTNET_NAME(ActnetMask)
#define actnet_load ACTNET_NAME(actnet_load)
#define actnet_store ACTNET_NAME(actnet_store)
#define actnet_same ACTNET_NAME(actnet_same)
#define actnet_chosen ACTNET_NAME(actnet_chosen)
#define actnet_absolute ACTNET_NAME(actnet_absolute)
#define actnet_larger ACTNET_NAME(actnet_larger)
#define actnet_smaller ACTNET_NAME(actnet_smaller)
#define actnet_any ACTNET_NAME(actnet_any)
#define actnet_whole ACTNET_NAME(actnet_whole)
#define actnet_float ACTNET_NAME(actnet_float)
#endif

typedef float ActnetLanes __attribute__((vector_size(4 * ACTNET_LANES)));
typedef int32_t ActnetMask __attribute__((vector_size(4 * ACTNET_LANES))); /* of a lane all bits, or none; or numbers */

ACTNET_TARGET static inline ActnetLanes actnet_load(const float *place) {
  ActnetLanes lanes;
  memcpy(&lanes, place, sizeof lanes);
  return lanes;
}

ACTNET_TARGET static inline void actnet_store(float *place, ActnetLanes lanes) { memcpy(place, &lanes, sizeof lanes); }

ACTNET_TARGET static inline ActnetLanes actnet_same(float value) { return value - (ActnetLanes){0}; }

/* Where the mask is set the first, elsewhere the second. */
ACTNET_TARGET static inline ActnetLanes actnet_chosen(ActnetMask mask, ActnetLanes first, ActnetLanes second) {
  return (ActnetLanes)((mask & (ActnetMask)first) | (~mask & (ActnetMask)second));
}

ACTNET_TARGET static inline ActnetLanes actnet_absolute(ActnetLanes lanes) {
  return (ActnetLanes)((ActnetMask)lanes & INT32_MAX); /* all bits but the sign */
}

/* Compilers do not see these two in masks. */
ACTNET_TARGET static inline ActnetLanes actnet_larger(ActnetLanes one, ActnetLanes other) {
#if ACTNET_LANES == 8
  return (ActnetLanes)_mm256_max_ps((__m256)one, (__m256)other);
#elif defined(__ARM_NEON)
  return (ActnetLanes)vmaxq_f32((float32x4_t)one, (float32x4_t)other);
#elif defined(__SSE__)
  return (ActnetLanes)_mm_max_ps((__m128)one, (__m128)other);
#else
  return actnet_chosen((ActnetMask)(one > other), one, other);
#endif
}

ACTNET_TARGET static inline ActnetLanes actnet_smaller(ActnetLanes one, ActnetLanes other) {
#if ACTNET_LANES == 8
  return (ActnetLanes)_mm256_min_ps((__m256)one, (__m256)other);
#elif defined(__ARM_NEON)
  return (ActnetLanes)vminq_f32((float32x4_t)one, (float32x4_t)other);
#elif defined(__SSE__)
  return (ActnetLanes)_mm_min_ps((__m128)one, (__m128)other);
#else
  return actnet_chosen((ActnetMask)(one < other), one, other);
#endif
}

ACTNET_TARGET static inline int actnet_any(ActnetMask mask) {
  int64_t parts[ACTNET_LANES / 2], all = 0;
  memcpy(parts, &mask, sizeof parts);
  for (int k = 0; k < ACTNET_LANES / 2; k++) all |= parts[k];
  return all != 0;
}

/* Whole numbers of floats, cut off towards zero, and floats of whole numbers. */
ACTNET_TARGET static inline ActnetMask actnet_whole(ActnetLanes lanes) {
  return __builtin_convertvector(lanes, ActnetMask);
}

ACTNET_TARGET static inline ActnetLanes actnet_float(ActnetMask numbers) {
  return __builtin_convertvector(numbers, ActnetLanes);
}
