/* The loop of actnet_codes.c, for as many lanes as ACTNET_LANES says (actnet_lanes.h). */
#include "actnet_lanes.h"

/* Sums of the projection's rows, each times its root: as many columns at once as registers hold. A root of 0 adds nothing. */
ACTNET_TARGET static void ACTNET_NAME(project)(const ActnetCodes *codes, const float *roots, float *sums) {
  enum { VECTORS = 8, COLUMNS = VECTORS * ACTNET_LANES };
  for (int start = 0; start < BITS; start += COLUMNS) {
    ActnetLanes totals[VECTORS] = {{0}};
    for (int i = 0; i < ACTNET_GRADIENTS; i++) {
      if (roots[i] == 0) continue;
      const float *row = codes->projection[i] + start;
      const ActnetLanes root = actnet_same(roots[i]);
#pragma GCC unroll 8
      for (int k = 0; k < VECTORS; k++) totals[k] += root * actnet_load(row + k * ACTNET_LANES);
    }
#pragma GCC unroll 8
    for (int k = 0; k < VECTORS; k++) actnet_store(sums + start + k * ACTNET_LANES, totals[k]);
  }
}
