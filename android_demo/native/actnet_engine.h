/* One artefact, loaded: bytes of a picture in, descriptor out.
 *
 * Shared by the apps (through JNI on Android, a module map in Swift), by the benchmark on phones,
 * and by the same benchmark on ARM64 under emulation. An engine is not thread-safe: one owner, one
 * thread at a time; several engines are independent.
 *
 * build_host.sh compiles it for this machine, setup_arm64.sh for ARM64.
 */
#ifndef ACTNET_ENGINE_H
#define ACTNET_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "actnet_error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an artefact takes and gives. */
typedef struct {
  int32_t height, width;    /* of the picture, in pixels */
  size_t pixel_bytes;       /* height * width * 3 */
  size_t descriptor_length; /* number of float values */
} ActnetSizes;

/* Where a model runs. The numbers stay, as those of ActnetCode. */
typedef enum { ACTNET_CPU = 0, ACTNET_GPU = 1 } ActnetAccelerator;

typedef struct ActnetEngine ActnetEngine;

/* Load a .tflite file for the processor. Returns NULL after filling `error`.
 *
 * Compare the file with the SHA-256 of its manifest before: LiteRT trusts what is inside a TFLite
 * file, and one that was cut off can end the process.
 */
ActnetEngine *actnet_open(const char *model_path, int num_threads, ActnetError *error);

/* The same, for an accelerator. A model that cannot run on the GPU as a whole is opened on the
 * processor: LiteRT's archive or the phone may have none, its driver may fail, or it may lack an
 * operator. actnet_accelerator tells which it is; `num_threads` is the processor's matter.
 */
ActnetEngine *actnet_open_on(const char *model_path, int num_threads, ActnetAccelerator wanted,
                             ActnetError *error);

/* Where the model really runs. */
ActnetAccelerator actnet_accelerator(const ActnetEngine *engine);

/* Free everything; NULL is allowed. */
void actnet_close(ActnetEngine *engine);

ActnetSizes actnet_sizes(const ActnetEngine *engine);

/* Describe a picture.
 *
 * pixels: RGB, rows from the top, 0 to 255, exactly sizes.pixel_bytes of them. A model that takes
 * floats gets the same values as floats.
 * descriptor: room for exactly sizes.descriptor_length values; untouched after a failure.
 */
ActnetCode actnet_describe(ActnetEngine *engine, const uint8_t *pixels, size_t pixel_bytes,
                           float *descriptor, size_t descriptor_length, ActnetError *error);

/* The three steps of actnet_describe, for whoever times them apart. */
ActnetCode actnet_set_pixels(ActnetEngine *engine, const uint8_t *pixels, size_t pixel_bytes,
                             ActnetError *error);
ActnetCode actnet_run(ActnetEngine *engine, ActnetError *error);
ActnetCode actnet_get_descriptor(ActnetEngine *engine, float *descriptor, size_t descriptor_length,
                                 ActnetError *error);

#ifdef __cplusplus
}
#endif

#endif
