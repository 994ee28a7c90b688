/* Local features of a picture: from upright RGB to the blob that a gallery stores and actnet_verification.h takes.
 *
 * Grey, reduced, evened out in contrast, SIFT, codes: docs/verification.md defines each step. Nothing else is
 * needed than the C library with its mathematical part.
 */
#ifndef ACTNET_EXTRACTION_H
#define ACTNET_EXTRACTION_H

#include <stddef.h>
#include <stdint.h>

#include "actnet_codes.h"
#include "actnet_error.h"
#include "actnet_verification.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How local features are taken from a picture.
 *
 * side_px: longest side that the picture is reduced to, 64 to 4095; a smaller one stays as it is.
 * count: features kept, 1 to 65535, those of the largest contrast.
 * first_octave: -1 doubles the picture before it looks for places, 0 does not.
 */
typedef struct {
  int32_t side_px, count, first_octave;
} ActnetExtraction;

/* What photos are looked at with. Gallery pictures: side_px 240, count 360. */
ActnetExtraction actnet_photo_extraction(void);

/* A picture, upright. */
typedef struct {
  int32_t width_px, height_px;
  const uint8_t *rgb; /* (height_px, width_px, 3) */
  size_t rgb_bytes;
} ActnetPicture;

/* Take local features from a picture.
 *
 * features: room for settings.count * ACTNET_FEATURE_BYTES bytes.
 * extracted: what was found, for actnet_verifier_open; it points into `features`. Untouched after a failure.
 *
 * It works on the caller's thread, may take as long as several descriptions, and needs about 12 MB for a photo
 * with the settings of actnet_photo_extraction(); nothing of it stays. Several threads may extract at once.
 */
ActnetCode actnet_extract(const ActnetCodes *codes, const ActnetPicture *picture, ActnetExtraction settings,
                          uint8_t *features, size_t features_bytes, ActnetLocalFeatures *extracted,
                          ActnetError *error);

/* The first half of it, for those whose RGB lies where it may not stay for long.
 *
 * The size of the reduced picture, and its grey pixels: room for width * height bytes.
 */
ActnetCode actnet_reduced_picture_size(const ActnetPicture *picture, ActnetExtraction settings,
                                       int32_t *width_px, int32_t *height_px, ActnetError *error);
ActnetCode actnet_reduce_picture(const ActnetPicture *picture, ActnetExtraction settings, uint8_t *grey,
                                 size_t grey_bytes, ActnetError *error);

/* The second half: `grey` is overwritten. */
ActnetCode actnet_extract_from_grey(const ActnetCodes *codes, uint8_t *grey, int32_t width_px,
                                    int32_t height_px, ActnetExtraction settings, uint8_t *features,
                                    size_t features_bytes, ActnetLocalFeatures *extracted, ActnetError *error);

#ifdef __cplusplus
}
#endif

#endif
