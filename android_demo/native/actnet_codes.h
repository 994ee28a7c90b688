/* Codes of local features from SIFT's gradients: the last step of an extraction.
 *
 * SIFT (actnet_sift.h) gives positions, sizes, angles and 128 gradients; what becomes of them stands in
 * docs/verification.md. The blob that comes out is what actnet_verification.h takes.
 */
#ifndef ACTNET_CODES_H
#define ACTNET_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "actnet_error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ACTNET_GRADIENTS = 128, ACTNET_KEYPOINT_VALUES = 4 };

typedef struct ActnetCodes ActnetCodes;

/* Read the learned projection: the bytes of mobile_actnet/weights/local_codes.safetensors, which the app
 * ships as it is. Returns NULL after filling `error`. */
ActnetCodes *actnet_codes_open(const uint8_t *safetensors, size_t bytes, ActnetError *error);

/* Make a blob of local features.
 *
 * keypoints: (count, 4) x, y (0 is the first pixel's centre), diameter in pixels, angle in degrees, as
 * OpenCV's KeyPoint has them: those of the largest response first, equal ones by y, x, angle.
 * gradients: (count, 128), 0 or more, as SIFT's descriptors.
 * features: room for exactly count * ACTNET_FEATURE_BYTES (22) bytes; untouched after a failure.
 */
ActnetCode actnet_encode_features(const ActnetCodes *codes, const float *keypoints,
                                  const float *gradients, size_t count, uint8_t *features,
                                  size_t features_bytes, ActnetError *error);

/* Free everything; NULL is allowed. */
void actnet_codes_close(ActnetCodes *codes);

#ifdef __cplusplus
}
#endif

#endif
