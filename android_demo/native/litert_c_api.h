/* The part of the LiteRT C API that describing a picture needs.
 *
 * libLiteRt.so comes without headers (PyPI's ai-edge-litert, Google's Android archive); these
 * prototypes are those of LiteRT 2.x, and every function returns 0 on success. Handles are opaque.
 */
#ifndef ACTNET_LITERT_C_API_H
#define ACTNET_LITERT_C_API_H

#include <stddef.h>
#include <stdint.h>

typedef int LiteRtStatus;
typedef void *LiteRtHandle;

enum { LITERT_ACCELERATOR_CPU = 1, LITERT_ACCELERATOR_GPU = 2 };
enum { LITERT_LOCK_READ = 0, LITERT_LOCK_WRITE = 1 };
enum { LITERT_FLOAT32 = 1, LITERT_UINT8 = 3 };

/* Element type, and the layout: rank in the low 7 bits of rank_and_flags. */
typedef struct {
  uint32_t element_type;
  uint32_t rank_and_flags;
  int32_t dimensions[8];
  uint32_t strides[8];
} LiteRtRankedTensorType;

#define LITERT_RANK(type) ((type)->rank_and_flags & 0x7f)

LiteRtStatus LiteRtCreateEnvironment(int option_count, const void *options, LiteRtHandle *env);
void LiteRtDestroyEnvironment(LiteRtHandle env);

LiteRtStatus LiteRtCreateModelFromFile(LiteRtHandle env, const char *path, LiteRtHandle *model);
void LiteRtDestroyModel(LiteRtHandle model);

LiteRtStatus LiteRtCreateOptions(LiteRtHandle *options);
void LiteRtDestroyOptions(LiteRtHandle options);
LiteRtStatus LiteRtSetOptionsHardwareAccelerators(LiteRtHandle options, int accelerators);
/* The payload of identifier "xnnpack" is TOML text, owned by the options afterwards. */
LiteRtStatus LiteRtCreateOpaqueOptions(const char *identifier, void *payload,
                                       void (*payload_deleter)(void *), LiteRtHandle *opaque);
LiteRtStatus LiteRtAddOpaqueOptions(LiteRtHandle options, LiteRtHandle opaque);

LiteRtStatus LiteRtCreateCompiledModel(LiteRtHandle env, LiteRtHandle model, LiteRtHandle options,
                                       LiteRtHandle *compiled);
void LiteRtDestroyCompiledModel(LiteRtHandle compiled);
LiteRtStatus LiteRtRunCompiledModel(LiteRtHandle compiled, size_t signature, size_t input_count,
                                    LiteRtHandle *inputs, size_t output_count,
                                    LiteRtHandle *outputs);

LiteRtStatus LiteRtGetModelSignature(LiteRtHandle model, size_t index, LiteRtHandle *signature);
LiteRtStatus LiteRtGetSignatureInputTensorByIndex(LiteRtHandle signature, size_t index,
                                                  LiteRtHandle *tensor);
LiteRtStatus LiteRtGetSignatureOutputTensorByIndex(LiteRtHandle signature, size_t index,
                                                   LiteRtHandle *tensor);
LiteRtStatus LiteRtGetRankedTensorType(LiteRtHandle tensor, LiteRtRankedTensorType *type);

LiteRtStatus LiteRtGetCompiledModelInputBufferRequirements(LiteRtHandle compiled, size_t signature,
                                                           size_t index,
                                                           LiteRtHandle *requirements);
LiteRtStatus LiteRtGetCompiledModelOutputBufferRequirements(LiteRtHandle compiled,
                                                            size_t signature, size_t index,
                                                            LiteRtHandle *requirements);
LiteRtStatus LiteRtCreateManagedTensorBufferFromRequirements(LiteRtHandle env,
                                                             const LiteRtRankedTensorType *type,
                                                             LiteRtHandle requirements,
                                                             LiteRtHandle *buffer);
void LiteRtDestroyTensorBuffer(LiteRtHandle buffer);
LiteRtStatus LiteRtGetTensorBufferPackedSize(LiteRtHandle buffer, size_t *size_bytes);
LiteRtStatus LiteRtLockTensorBuffer(LiteRtHandle buffer, void **address, int mode);
LiteRtStatus LiteRtUnlockTensorBuffer(LiteRtHandle buffer);

#endif
