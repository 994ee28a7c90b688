#include "actnet_extraction.h"

#include <stdlib.h>

#include "actnet_fail.h"
#include "actnet_grey.h"
#include "actnet_sift.h"

enum { LEAST_SIDE_PX = 64, PHOTO_SIDE_PX = 400, PHOTO_COUNT = 1000, CHANNELS = 3 };

ActnetExtraction actnet_photo_extraction(void) {
  return (ActnetExtraction){.side_px = PHOTO_SIDE_PX, .count = PHOTO_COUNT, .first_octave = -1};
}

static ActnetCode out_of_memory(ActnetError *error) {
  return fail(error, ACTNET_OUT_OF_MEMORY, "out of memory; close other apps or take a smaller photo");
}

static ActnetCode check_settings(ActnetExtraction settings, ActnetError *error) {
  if (settings.side_px < LEAST_SIDE_PX || settings.side_px > ACTNET_MAX_SIDE_PX)
    return fail(error, ACTNET_WRONG_ARGUMENT, "side_px is %d; %d to %d are allowed", settings.side_px,
                LEAST_SIDE_PX, ACTNET_MAX_SIDE_PX);
  if (settings.count < 1 || settings.count > ACTNET_MAX_FEATURES)
    return fail(error, ACTNET_WRONG_ARGUMENT, "count is %d; 1 to %d are allowed", settings.count,
                ACTNET_MAX_FEATURES);
  if (settings.first_octave < -1 || settings.first_octave > 0)
    return fail(error, ACTNET_WRONG_ARGUMENT, "first_octave is %d; -1 and 0 are allowed",
                settings.first_octave);
  return fail(error, ACTNET_OK, "%s", "");
}

ActnetCode actnet_reduced_picture_size(const ActnetPicture *picture, ActnetExtraction settings,
                                       int32_t *width_px, int32_t *height_px, ActnetError *error) {
  if (picture == NULL || picture->rgb == NULL || width_px == NULL || height_px == NULL)
    return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  ActnetCode code = check_settings(settings, error);
  if (code) return code;
  if (picture->width_px < 1 || picture->height_px < 1)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the picture has %d x %d pixels; at least 1 x 1 is needed",
                picture->width_px, picture->height_px);
  uint64_t needed = CHANNELS * (uint64_t)picture->width_px * (uint64_t)picture->height_px;
  if (picture->rgb_bytes != needed)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the picture has %zu bytes; %d x %d pixels have %llu",
                picture->rgb_bytes, picture->width_px, picture->height_px, (unsigned long long)needed);
  int width, height;
  actnet_reduced_size(picture->width_px, picture->height_px, settings.side_px, &width, &height);
  *width_px = width, *height_px = height;
  return ACTNET_OK;
}

ActnetCode actnet_reduce_picture(const ActnetPicture *picture, ActnetExtraction settings, uint8_t *grey,
                                 size_t grey_bytes, ActnetError *error) {
  int32_t width = 0, height = 0;
  ActnetCode code = actnet_reduced_picture_size(picture, settings, &width, &height, error);
  if (code) return code;
  if (grey == NULL) return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  if (grey_bytes != (size_t)width * (size_t)height)
    return fail(error, ACTNET_WRONG_ARGUMENT, "there is room for %zu grey pixels; %d x %d are needed",
                grey_bytes, width, height);
  if (!actnet_reduce_to_grey(picture->rgb, picture->width_px, picture->height_px, grey, width, height))
    return out_of_memory(error);
  return fail(error, ACTNET_OK, "%s", "");
}

ActnetCode actnet_extract_from_grey(const ActnetCodes *codes, uint8_t *grey, int32_t width_px,
                                    int32_t height_px, ActnetExtraction settings, uint8_t *features,
                                    size_t features_bytes, ActnetLocalFeatures *extracted, ActnetError *error) {
  if (codes == NULL || grey == NULL || features == NULL || extracted == NULL)
    return fail(error, ACTNET_WRONG_ARGUMENT, "NULL is not allowed");
  ActnetCode code = check_settings(settings, error);
  if (code) return code;
  if (width_px < 1 || height_px < 1 || width_px > settings.side_px || height_px > settings.side_px)
    return fail(error, ACTNET_WRONG_ARGUMENT, "the reduced picture has %d x %d pixels; a side is 1 to %d",
                width_px, height_px, settings.side_px);
  size_t room = (size_t)settings.count;
  if (features_bytes < room * ACTNET_FEATURE_BYTES)
    return fail(error, ACTNET_WRONG_ARGUMENT, "there is room for %zu bytes; %zu features need %zu",
                features_bytes, room, room * ACTNET_FEATURE_BYTES);
  float *keypoints = malloc(room * ACTNET_KEYPOINT_VALUES * sizeof *keypoints);
  float *gradients = malloc(room * ACTNET_GRADIENTS * sizeof *gradients);
  int32_t count = -1;
  if (keypoints != NULL && gradients != NULL && actnet_even_contrast(grey, width_px, height_px))
    count = actnet_sift(grey, width_px, height_px,
                        (ActnetSiftSettings){settings.first_octave, settings.count}, keypoints, gradients);
  code = count < 0 ? out_of_memory(error)
                   : actnet_encode_features(codes, keypoints, gradients, (size_t)count, features,
                                            (size_t)count * ACTNET_FEATURE_BYTES, error);
  free(keypoints);
  free(gradients);
  if (code == ACTNET_OK)
    *extracted = (ActnetLocalFeatures){width_px, height_px, features, (size_t)count * ACTNET_FEATURE_BYTES};
  return code;
}

ActnetCode actnet_extract(const ActnetCodes *codes, const ActnetPicture *picture, ActnetExtraction settings,
                          uint8_t *features, size_t features_bytes, ActnetLocalFeatures *extracted,
                          ActnetError *error) {
  int32_t width = 0, height = 0;
  ActnetCode code = actnet_reduced_picture_size(picture, settings, &width, &height, error);
  if (code) return code;
  size_t pixels = (size_t)width * (size_t)height;
  uint8_t *grey = malloc(pixels);
  code = grey == NULL ? out_of_memory(error)
                      : actnet_reduce_picture(picture, settings, grey, pixels, error);
  if (code == ACTNET_OK)
    code = actnet_extract_from_grey(codes, grey, width, height, settings, features, features_bytes, extracted,
                                    error);
  free(grey);
  return code;
}
