/* Does a gallery picture lie in a photo, and where? Local features of both are compared.
 *
 * docs/verification.md defines every step, and tests/golden/verification holds this code to it on each
 * platform. Nothing else is needed: no LiteRT, no OpenCV, no mathematical library.
 */
#ifndef ACTNET_VERIFICATION_H
#define ACTNET_VERIFICATION_H

#include <stddef.h>
#include <stdint.h>

#include "actnet_error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a feature; features of a picture, pixels of its longest side, and matches, at most. */
enum {
  ACTNET_FEATURE_BYTES = 22,
  ACTNET_MAX_FEATURES = 65535,
  ACTNET_MAX_SIDE_PX = 4095,
  ACTNET_MAX_MATCHES = 128
};

/* Local features as a gallery's blob has them: all x, all y, all sizes, all angles, all codes. */
typedef struct {
  int32_t width_px, height_px; /* of the reduced picture that they were taken from */
  const uint8_t *features;
  size_t features_bytes; /* a multiple of ACTNET_FEATURE_BYTES; 0 is fine and finds nothing */
} ActnetLocalFeatures;

/* How well a gallery picture fits into a photo.
 *
 * outline: x and y of the gallery picture's corners in the reduced photo, in pixels, from its top left
 * clockwise as the picture is seen. Only where has_outline is 1; otherwise all are 0.
 */
typedef struct {
  int32_t inliers; /* places that fit one model; 0 where there is none */
  int32_t has_outline;
  double outline[8];
} ActnetVerification;

/* Features of a gallery picture (rows) and of the photo (columns) that are alike, the best ratio first. */
typedef struct {
  int32_t count, rows[ACTNET_MAX_MATCHES], columns[ACTNET_MAX_MATCHES];
} ActnetMatches;

typedef struct ActnetVerifier ActnetVerifier;

/* Prepare a photo for comparisons; its features are copied. Returns NULL after filling `error`. */
ActnetVerifier *actnet_verifier_open(const ActnetLocalFeatures *photo, ActnetError *error);

/* Compare a gallery picture with the photo. It allocates nothing and changes nothing in the verifier, so
 * that several threads may compare pictures with one photo.
 *
 * verification: untouched after a failure.
 */
ActnetCode actnet_verify(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                         ActnetVerification *verification, ActnetError *error);

/* Its two halves, for those who measure or draw them: which features match, and the model that most matches fit. */
ActnetCode actnet_match(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                        ActnetMatches *matches, ActnetError *error);
ActnetCode actnet_fit(const ActnetVerifier *verifier, const ActnetLocalFeatures *picture,
                      const ActnetMatches *matches, ActnetVerification *verification, ActnetError *error);

/* Free everything; NULL is allowed. */
void actnet_verifier_close(ActnetVerifier *verifier);

#ifdef __cplusplus
}
#endif

#endif
