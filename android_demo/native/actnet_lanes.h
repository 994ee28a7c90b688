/* Four floats at once: what GCC and Clang make NEON, SSE or WebAssembly's vectors of, and plain code elsewhere. */
#ifndef ACTNET_LANES_H
#define ACTNET_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#endif

enum { ACTNET_LANES = 4 };

typedef float ActnetLanes __attribute__((vector_size(16)));
typedef int32_t ActnetMask __attribute__((vector_size(16))); /* of a lane all bits, or none */

static inline ActnetLanes actnet_load(const float *place) {
  ActnetLanes lanes;
  memcpy(&lanes, place, sizeof lanes);
  return lanes;
}

static inline void actnet_store(float *place, ActnetLanes lanes) { memcpy(place, &lanes, sizeof lanes); }

static inline ActnetLanes actnet_same(float value) { return (ActnetLanes){value, value, value, value}; }

/* Where the mask is set the first, elsewhere the second. */
static inline ActnetLanes actnet_chosen(ActnetMask mask, ActnetLanes first, ActnetLanes second) {
  return (ActnetLanes)((mask & (ActnetMask)first) | (~mask & (ActnetMask)second));
}

static inline ActnetLanes actnet_absolute(ActnetLanes lanes) {
  const int32_t bits = INT32_MAX; /* all but the sign */
  return (ActnetLanes)((ActnetMask)lanes & (ActnetMask){bits, bits, bits, bits});
}

/* Compilers do not see these two in masks. */
static inline ActnetLanes actnet_larger(ActnetLanes one, ActnetLanes other) {
#if defined(__ARM_NEON)
  return (ActnetLanes)vmaxq_f32((float32x4_t)one, (float32x4_t)other);
#elif defined(__SSE__)
  return (ActnetLanes)_mm_max_ps((__m128)one, (__m128)other);
#else
  return actnet_chosen(one > other, one, other);
#endif
}

static inline ActnetLanes actnet_smaller(ActnetLanes one, ActnetLanes other) {
#if defined(__ARM_NEON)
  return (ActnetLanes)vminq_f32((float32x4_t)one, (float32x4_t)other);
#elif defined(__SSE__)
  return (ActnetLanes)_mm_min_ps((__m128)one, (__m128)other);
#else
  return actnet_chosen(one < other, one, other);
#endif
}

static inline int actnet_any(ActnetMask mask) {
  int64_t halves[2];
  memcpy(halves, &mask, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

#endif
