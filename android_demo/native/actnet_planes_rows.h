/* The loop of actnet_planes.c, for as many lanes as ACTNET_LANES says (actnet_lanes.h). */
#include "actnet_lanes.h"

/* The weighted sum of 2 radius + 1 rows, the middle one first in `kernel`. */
ACTNET_TARGET static void ACTNET_NAME(weigh)(const Kernel *kernel, const float *const *rows, float *sum, int stride) {
  enum { TWO = 2 * ACTNET_LANES, THREE = 3 * ACTNET_LANES, FOUR = 4 * ACTNET_LANES };
  const float *const *middle = rows + kernel->radius;
  for (int x = 0; x < stride; x += FOUR) {
    const float *here = middle[0] + x;
    const ActnetLanes most = actnet_same(kernel->weights[0]);
    ActnetLanes one = most * actnet_load(here), two = most * actnet_load(here + ACTNET_LANES);
    ActnetLanes three = most * actnet_load(here + TWO), four = most * actnet_load(here + THREE);
    for (int tap = 1; tap <= kernel->radius; tap++) {
      const float *before = middle[-tap] + x, *behind = middle[tap] + x;
      const ActnetLanes weight = actnet_same(kernel->weights[tap]);
      one += weight * (actnet_load(before) + actnet_load(behind));
      two += weight * (actnet_load(before + ACTNET_LANES) + actnet_load(behind + ACTNET_LANES));
      three += weight * (actnet_load(before + TWO) + actnet_load(behind + TWO));
      four += weight * (actnet_load(before + THREE) + actnet_load(behind + THREE));
    }
    actnet_store(sum + x, one);
    actnet_store(sum + x + ACTNET_LANES, two);
    actnet_store(sum + x + TWO, three);
    actnet_store(sum + x + THREE, four);
  }
}
