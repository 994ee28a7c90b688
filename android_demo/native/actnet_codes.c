#include "actnet_exact.h"

#include "actnet_codes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_fail.h"
#include "actnet_processor.h"

enum { BITS = 128, FEATURE_BYTES = 22, CODE_BYTES = 16, UNITS_PER_PX = 16, MAX_FEATURES = 65535 };
enum { SIZE_STEPS_PER_OCTAVE = 16, TURN = 256 };

/* The only header that the file has: safetensors writes names in this order, without spaces. */
static const char HEADER[] =
    "{\"projection\":{\"dtype\":\"F32\",\"shape\":[128,128],\"data_offsets\":[0,65536]},"
    "\"thresholds\":{\"dtype\":\"F32\",\"shape\":[128],\"data_offsets\":[65536,66048]}}";

struct ActnetCodes {
  float projection[ACTNET_GRADIENTS][BITS], thresholds[BITS];
};

ActnetCodes *actnet_codes_open(const uint8_t *safetensors, size_t bytes, ActnetError *error) {
  uint64_t length = 0;
  if (safetensors != NULL && bytes >= sizeof length) memcpy(&length, safetensors, sizeof length);
  const size_t header = sizeof HEADER - 1;
  if (length < header || length > 4096 || bytes != sizeof length + length + sizeof(ActnetCodes) ||
      memcmp(safetensors + sizeof length, HEADER, header)) {
    fail(error, ACTNET_WRONG_ARGUMENT, "these %zu bytes are no codes; give local_codes.safetensors",
         safetensors == NULL ? 0 : bytes);
    return NULL;
  }
  ActnetCodes *codes = malloc(sizeof *codes);
  if (codes == NULL) {
    fail(error, ACTNET_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  memcpy(codes, safetensors + sizeof length + length, sizeof *codes);
  fail(error, ACTNET_OK, "%s", "");
  return codes;
}

#include "actnet_codes_rows.h"
#ifdef __x86_64__
#undef ACTNET_LANES
#define ACTNET_LANES 8
#include "actnet_codes_rows.h"
#endif

static void project(const ActnetCodes *codes, const float *roots, float *sums) {
#ifdef __x86_64__
  if (actnet_width() >= ACTNET_WIDTH_32) {
    project_8(codes, roots, sums);
    return;
  }
#endif
  project_4(codes, roots, sums);
}

static void encode(const ActnetCodes *codes, const float *gradients, uint8_t *code) {
  float sums[BITS], roots[ACTNET_GRADIENTS], total = 0;
  for (int i = 0; i < ACTNET_GRADIENTS; i++) total += gradients[i];
  if (total < 1) total = 1;
  for (int i = 0; i < ACTNET_GRADIENTS; i++) roots[i] = sqrtf(gradients[i] / total);
  project(codes, roots, sums);
  memset(code, 0, CODE_BYTES);
  /* Half of all bits are set, and none can be foreseen: no jumps. */
  for (int j = 0; j < BITS; j++) code[j / 8] |= (uint8_t)((sums[j] > codes->thresholds[j]) << (7 - j % 8));
}

/* Rounds halves to even, as Python does. */
static int rounded(double value, int most) {
  double whole = rint(value);
  return !(whole > 0) ? 0 : whole > most ? most : (int)whole;
}

static uint8_t angle_of(double degrees) {
  double turn = rint(degrees * (TURN / 360.0));
  return turn >= -TURN && turn <= TURN ? (uint8_t)((int)turn & (TURN - 1)) : 0;
}

static void store_wide(uint8_t *place, int value) {
  place[0] = (uint8_t)value, place[1] = (uint8_t)(value >> 8);
}

ActnetCode actnet_encode_features(const ActnetCodes *codes, const float *keypoints,
                                  const float *gradients, size_t count, uint8_t *features,
                                  size_t features_bytes, ActnetError *error) {
  if (codes == NULL || (count > 0 && (!keypoints || !gradients || !features)))
    return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  if (count > MAX_FEATURES || features_bytes != count * FEATURE_BYTES)
    return fail(error, ACTNET_WRONG_ARGUMENT,
                "%zu features have room for %zu bytes; %d each are needed, and at most %d are allowed",
                count, features_bytes, FEATURE_BYTES, MAX_FEATURES);
  for (size_t k = 0; k < count; k++) {
    const float *at = keypoints + ACTNET_KEYPOINT_VALUES * k;
    store_wide(features + 2 * k, rounded(((double)at[0] + 0.5) * UNITS_PER_PX, 65535));
    store_wide(features + 2 * (count + k), rounded(((double)at[1] + 0.5) * UNITS_PER_PX, 65535));
    features[4 * count + k] =
        (uint8_t)rounded(log2(at[2] > 1 ? (double)at[2] : 1) * SIZE_STEPS_PER_OCTAVE, 255);
    features[5 * count + k] = angle_of(at[3]);
    encode(codes, gradients + ACTNET_GRADIENTS * k, features + 6 * count + CODE_BYTES * k);
  }
  return fail(error, ACTNET_OK, "%s", "");
}

void actnet_codes_close(ActnetCodes *codes) { free(codes); }
