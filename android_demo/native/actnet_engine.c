#include "actnet_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_fail.h"
#include "litert_c_api.h"

enum { CHANNELS = 3 };
enum { IDENTIFIER_OFFSET = 4, IDENTIFIER_END = 8 };

struct ActnetEngine {
  LiteRtHandle environment, model, options, compiled, input, output;
  LiteRtRankedTensorType input_type, output_type;
  ActnetSizes sizes;
  ActnetAccelerator accelerator;
};

static ActnetCode succeed(ActnetError *error) { return fail(error, ACTNET_OK, "%s", ""); }

static ActnetCode refused(ActnetError *error, const char *what, LiteRtStatus status) {
  return fail(error, ACTNET_RUNTIME_FAILED, "cannot %s: LiteRT status %d", what, status);
}

/* LiteRT says the same of a file that is not there and of one that is no model. */
static ActnetCode check_file(const char *path, ActnetError *error) {
  char head[IDENTIFIER_END] = {0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return fail(error, ACTNET_NO_FILE, "cannot open %s", path);
  size_t found = fread(head, 1, sizeof head, file);
  fclose(file);
  if (found != sizeof head || memcmp(head + IDENTIFIER_OFFSET, "TFL3", 4))
    return fail(error, ACTNET_DAMAGED_MODEL, "%s is no TFLite file", path);
  return ACTNET_OK;
}

static LiteRtStatus set_threads(LiteRtHandle options, int num_threads) {
  char toml[32];
  snprintf(toml, sizeof toml, "num_threads = %d\n", num_threads);
  char *payload = strdup(toml);
  if (payload == NULL) return 1;
  LiteRtHandle opaque;
  LiteRtStatus status = LiteRtCreateOpaqueOptions("xnnpack", payload, free, &opaque);
  return status ? status : LiteRtAddOpaqueOptions(options, opaque);
}

static LiteRtStatus compile(ActnetEngine *engine, int num_threads, int accelerators) {
  LiteRtStatus status;
  if ((status = LiteRtCreateOptions(&engine->options))) return status;
  status = LiteRtSetOptionsHardwareAccelerators(engine->options, accelerators);
  if (status || (status = set_threads(engine->options, num_threads))) return status;
  return LiteRtCreateCompiledModel(engine->environment, engine->model, engine->options,
                                   &engine->compiled);
}

static LiteRtStatus read_types(ActnetEngine *engine) {
  LiteRtHandle signature, input, output;
  LiteRtStatus status;
  if ((status = LiteRtGetModelSignature(engine->model, 0, &signature)) ||
      (status = LiteRtGetSignatureInputTensorByIndex(signature, 0, &input)) ||
      (status = LiteRtGetSignatureOutputTensorByIndex(signature, 0, &output)) ||
      (status = LiteRtGetRankedTensorType(input, &engine->input_type)))
    return status;
  return LiteRtGetRankedTensorType(output, &engine->output_type);
}

/* One RGB picture in, (1, height, width, 3); one descriptor out, (1, length). */
static int from_picture_to_descriptor(const ActnetEngine *engine) {
  const LiteRtRankedTensorType *in = &engine->input_type, *out = &engine->output_type;
  return (in->element_type == LITERT_UINT8 || in->element_type == LITERT_FLOAT32) &&
         LITERT_RANK(in) == 4 && in->dimensions[0] == 1 && in->dimensions[1] > 0 &&
         in->dimensions[2] > 0 && in->dimensions[3] == CHANNELS &&
         out->element_type == LITERT_FLOAT32 && LITERT_RANK(out) == 2 &&
         out->dimensions[0] == 1 && out->dimensions[1] > 0;
}

static LiteRtStatus make_buffers(ActnetEngine *engine) {
  LiteRtHandle in, out;
  LiteRtStatus status;
  if ((status = LiteRtGetCompiledModelInputBufferRequirements(engine->compiled, 0, 0, &in)) ||
      (status = LiteRtGetCompiledModelOutputBufferRequirements(engine->compiled, 0, 0, &out)) ||
      (status = LiteRtCreateManagedTensorBufferFromRequirements(
           engine->environment, &engine->input_type, in, &engine->input)))
    return status;
  return LiteRtCreateManagedTensorBufferFromRequirements(engine->environment, &engine->output_type,
                                                         out, &engine->output);
}

static void destroy_compiled(ActnetEngine *engine) {
  if (engine->output) LiteRtDestroyTensorBuffer(engine->output);
  if (engine->input) LiteRtDestroyTensorBuffer(engine->input);
  if (engine->compiled) LiteRtDestroyCompiledModel(engine->compiled);
  if (engine->options) LiteRtDestroyOptions(engine->options);
  engine->output = engine->input = engine->compiled = engine->options = NULL;
}

/* Without the processor beside it LiteRT refuses a model of which a part would not be on the GPU:
 * otherwise it would leave all of it to the processor and not tell. */
static int prepare_gpu(ActnetEngine *engine, int num_threads) {
  if (compile(engine, num_threads, LITERT_ACCELERATOR_GPU) || make_buffers(engine)) {
    destroy_compiled(engine);
    return 0;
  }
  engine->accelerator = ACTNET_GPU;
  return 1;
}

static ActnetCode prepare_cpu(ActnetEngine *engine, int num_threads, ActnetError *error) {
  LiteRtStatus status;
  if ((status = compile(engine, num_threads, LITERT_ACCELERATOR_CPU)))
    return refused(error, "prepare the model", status);
  if ((status = make_buffers(engine))) return refused(error, "make the model's buffers", status);
  return ACTNET_OK;
}

static ActnetCode load(ActnetEngine *engine, const char *path, int num_threads,
                       ActnetAccelerator wanted, ActnetError *error) {
  LiteRtStatus status;
  if ((status = LiteRtCreateEnvironment(0, NULL, &engine->environment)))
    return refused(error, "start LiteRT", status);
  if ((status = LiteRtCreateModelFromFile(engine->environment, path, &engine->model)))
    return fail(error, ACTNET_DAMAGED_MODEL, "LiteRT cannot read %s: status %d", path, status);
  if ((status = read_types(engine)) || !from_picture_to_descriptor(engine))
    return fail(error, ACTNET_UNFIT_MODEL,
                "%s is not a model from one RGB picture, (1, height, width, 3), to one descriptor",
                path);
  if (!(wanted == ACTNET_GPU && prepare_gpu(engine, num_threads)) &&
      prepare_cpu(engine, num_threads, error))
    return ACTNET_RUNTIME_FAILED;
  const int32_t *picture = engine->input_type.dimensions;
  engine->sizes = (ActnetSizes){picture[1], picture[2],
                                (size_t)picture[1] * picture[2] * CHANNELS,
                                engine->output_type.dimensions[1]};
  return succeed(error);
}

ActnetEngine *actnet_open(const char *model_path, int num_threads, ActnetError *error) {
  return actnet_open_on(model_path, num_threads, ACTNET_CPU, error);
}

ActnetEngine *actnet_open_on(const char *model_path, int num_threads, ActnetAccelerator wanted,
                             ActnetError *error) {
  if (model_path == NULL || num_threads < 1) {
    fail(error, ACTNET_WRONG_ARGUMENT, "a model's path and at least one thread are needed");
    return NULL;
  }
  if (wanted != ACTNET_CPU && wanted != ACTNET_GPU) {
    fail(error, ACTNET_WRONG_ARGUMENT, "accelerator %d; 0 is the processor, 1 the GPU", wanted);
    return NULL;
  }
  if (check_file(model_path, error)) return NULL;
  ActnetEngine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) {
    fail(error, ACTNET_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  if (load(engine, model_path, num_threads, wanted, error) == ACTNET_OK) return engine;
  actnet_close(engine);
  return NULL;
}

ActnetAccelerator actnet_accelerator(const ActnetEngine *engine) {
  return engine ? engine->accelerator : ACTNET_CPU;
}

ActnetSizes actnet_sizes(const ActnetEngine *engine) {
  return engine ? engine->sizes : (ActnetSizes){0};
}

static ActnetCode check_size(const char *what, const void *values, size_t came, size_t allowed,
                             ActnetError *error) {
  if (values != NULL && came == allowed) return ACTNET_OK;
  return fail(error, ACTNET_WRONG_ARGUMENT, "%s %zu, the model's is %zu", what,
              values == NULL ? 0 : came, allowed);
}

static ActnetCode check_engine(const ActnetEngine *engine, ActnetError *error) {
  return engine ? ACTNET_OK : fail(error, ACTNET_WRONG_ARGUMENT, "the engine is closed");
}

static void copy_pixels(const ActnetEngine *engine, const uint8_t *pixels, void *address) {
  size_t count = engine->sizes.pixel_bytes;
  if (engine->input_type.element_type == LITERT_UINT8) {
    memcpy(address, pixels, count);
    return;
  }
  float *values = address;
  for (size_t i = 0; i < count; i++) values[i] = pixels[i];
}

ActnetCode actnet_set_pixels(ActnetEngine *engine, const uint8_t *pixels, size_t pixel_bytes,
                             ActnetError *error) {
  void *address;
  LiteRtStatus status;
  if (check_engine(engine, error) ||
      check_size("the picture's size in bytes is", pixels, pixel_bytes, engine->sizes.pixel_bytes,
                 error))
    return ACTNET_WRONG_ARGUMENT;
  if ((status = LiteRtLockTensorBuffer(engine->input, &address, LITERT_LOCK_WRITE)))
    return refused(error, "write the picture", status);
  copy_pixels(engine, pixels, address);
  status = LiteRtUnlockTensorBuffer(engine->input);
  return status ? refused(error, "write the picture", status) : succeed(error);
}

ActnetCode actnet_run(ActnetEngine *engine, ActnetError *error) {
  if (check_engine(engine, error)) return ACTNET_WRONG_ARGUMENT;
  LiteRtStatus status =
      LiteRtRunCompiledModel(engine->compiled, 0, 1, &engine->input, 1, &engine->output);
  return status ? refused(error, "run the model", status) : succeed(error);
}

ActnetCode actnet_get_descriptor(ActnetEngine *engine, float *descriptor, size_t descriptor_length,
                                 ActnetError *error) {
  void *address;
  LiteRtStatus status;
  if (check_engine(engine, error) ||
      check_size("the descriptor's length is", descriptor, descriptor_length,
                 engine->sizes.descriptor_length, error))
    return ACTNET_WRONG_ARGUMENT;
  if ((status = LiteRtLockTensorBuffer(engine->output, &address, LITERT_LOCK_READ)))
    return refused(error, "read the descriptor", status);
  memcpy(descriptor, address, descriptor_length * sizeof *descriptor);
  status = LiteRtUnlockTensorBuffer(engine->output);
  return status ? refused(error, "read the descriptor", status) : succeed(error);
}

ActnetCode actnet_describe(ActnetEngine *engine, const uint8_t *pixels, size_t pixel_bytes,
                           float *descriptor, size_t descriptor_length, ActnetError *error) {
  if (check_engine(engine, error) ||
      check_size("the descriptor's length is", descriptor, descriptor_length,
                 engine->sizes.descriptor_length, error))
    return ACTNET_WRONG_ARGUMENT;
  ActnetCode code = actnet_set_pixels(engine, pixels, pixel_bytes, error);
  if (code == ACTNET_OK) code = actnet_run(engine, error);
  return code ? code : actnet_get_descriptor(engine, descriptor, descriptor_length, error);
}

void actnet_close(ActnetEngine *engine) {
  if (engine == NULL) return;
  destroy_compiled(engine);
  if (engine->model) LiteRtDestroyModel(engine->model);
  if (engine->environment) LiteRtDestroyEnvironment(engine->environment);
  free(engine);
}
