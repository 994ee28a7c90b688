/* Four floats at once: what GCC and Clang make NEON, SSE or WebAssembly's vectors of, and plain code elsewhere. */
#ifndef ACTNET_LANES_H
#define ACTNET_LANES_H

#include <stdint.h>
#include <string.h>

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

#endif
