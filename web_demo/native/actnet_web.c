/* What the web page calls: flat functions over the shared engine, and the scan of a gallery's descriptors.
 *
 * JavaScript reserves memory with web_reserve, writes bytes there, and reads results back from it. Numbers and
 * addresses are 32 bits wide. Nothing here is imported: no file, no clock, no system. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_codes.h"
#include "actnet_extraction.h"
#include "actnet_verification.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { PHOTO_FEATURES = 1000 };

static ActnetError last_error;

/* wasi-libc's printf, which fills texts of errors here, could write to files too: there are none. */
enum { NO_SUCH_FILE = 8 };
int32_t __imported_wasi_snapshot_preview1_fd_close(int32_t file) { return (void)file, NO_SUCH_FILE; }
int32_t __imported_wasi_snapshot_preview1_fd_seek(int32_t file, int64_t offset, int32_t from, int32_t place) {
  return (void)file, (void)offset, (void)from, (void)place, NO_SUCH_FILE;
}
int32_t __imported_wasi_snapshot_preview1_fd_write(int32_t file, int32_t parts, int32_t count, int32_t size) {
  return (void)file, (void)parts, (void)count, (void)size, NO_SUCH_FILE;
}

/* Memory for JavaScript; NULL where there is none left. */
void *EXPORT(web_reserve)(size_t bytes) { return malloc(bytes > 0 ? bytes : 1); }

void EXPORT(web_release)(void *memory) { free(memory); }

/* The sentence of the last failure, ended by a zero byte. */
const char *EXPORT(web_error)(void) { return last_error.text; }

/* A photo's local features are copied; NULL after a failure. */
ActnetVerifier *EXPORT(web_photo_open)(int32_t width_px, int32_t height_px, const uint8_t *features,
                                       size_t features_bytes) {
  const ActnetLocalFeatures photo = {width_px, height_px, features, features_bytes};
  return actnet_verifier_open(&photo, &last_error);
}

void EXPORT(web_photo_close)(ActnetVerifier *photo) { actnet_verifier_close(photo); }

/* Fills `result`: inliers and has_outline as int32, then eight float64. Returns 0, or the code of a failure. */
int32_t EXPORT(web_verify)(const ActnetVerifier *photo, int32_t width_px, int32_t height_px,
                           const uint8_t *features, size_t features_bytes, ActnetVerification *result) {
  const ActnetLocalFeatures picture = {width_px, height_px, features, features_bytes};
  return actnet_verify(photo, &picture, result, &last_error);
}

/* The learned projection of local codes; NULL after a failure. */
ActnetCodes *EXPORT(web_codes_open)(const uint8_t *safetensors, size_t bytes) {
  return actnet_codes_open(safetensors, bytes, &last_error);
}

/* Fills `result`: width, height of the reduced photo, address and bytes of its local features, which last until
 * the next call. Returns 0, or the code of a failure. */
int32_t EXPORT(web_extract)(const ActnetCodes *codes, int32_t width_px, int32_t height_px, const uint8_t *rgb,
                            size_t rgb_bytes, int32_t result[4]) {
  static uint8_t features[PHOTO_FEATURES * ACTNET_FEATURE_BYTES];
  const ActnetPicture photo = {width_px, height_px, rgb, rgb_bytes};
  ActnetLocalFeatures extracted;
  ActnetExtraction settings = actnet_photo_extraction();
  if (settings.count > PHOTO_FEATURES) settings.count = PHOTO_FEATURES;
  ActnetCode code = actnet_extract(codes, &photo, settings, features,
                                   (size_t)settings.count * ACTNET_FEATURE_BYTES, &extracted, &last_error);
  if (code) return code;
  result[0] = extracted.width_px, result[1] = extracted.height_px;
  result[2] = (int32_t)(uintptr_t)extracted.features, result[3] = (int32_t)extracted.features_bytes;
  return 0;
}

/* Whole-number inner products of one int8 descriptor with `rows` others, one after another in memory. */
void EXPORT(web_products)(const int8_t *query, const int8_t *rows, int32_t count, int32_t dim,
                          int32_t *products) {
  for (int32_t row = 0; row < count; row++) {
    const int8_t *values = rows + (size_t)row * dim;
    int32_t sum = 0;
    for (int32_t k = 0; k < dim; k++) sum += query[k] * values[k];
    products[row] = sum;
  }
}
