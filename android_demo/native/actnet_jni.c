/* The engine for Kotlin and Java. The classes that it belongs to:
 *
 *     package org.mobileactnet.engine
 *
 *     class EngineException(val code: Int, message: String) : Exception(message)
 *
 *     object NativeEngine {
 *       external fun open(modelPath: ByteArray, threads: Int, accelerator: Int): Long  // path in UTF-8
 *       external fun accelerator(engine: Long): Int                  // as ActnetAccelerator
 *       external fun sizes(engine: Long): IntArray                   // height, width, descriptor's length
 *       external fun describe(engine: Long, pixels: ByteArray): FloatArray
 *       external fun close(engine: Long)
 *     }
 *
 *     object NativeVerification {
 *       external fun open(widthPx: Int, heightPx: Int, features: ByteArray): Long
 *       external fun verify(verifier: Long, widthPx: Int, heightPx: Int, features: ByteArray): DoubleArray
 *       external fun close(verifier: Long)   // verify: inliers, and the outline where there is one
 *     }
 *
 *     object NativeExtraction {
 *       external fun open(codes: ByteArray): Long       // the bytes of local_codes.safetensors
 *       external fun extract(codes: Long, widthPx: Int, heightPx: Int, rgb: ByteArray, sidePx: Int, count: Int,
 *                            reduced: IntArray): ByteArray   // reduced gets the reduced width and height
 *       external fun close(codes: Long)
 *     }
 *
 * with @JvmStatic. Whatever fails throws EngineException with an ActnetCode and its sentence. The
 * number of a closed engine must not be used again: whoever owns it sees to that.
 */
#include <jni.h>
#include <stdlib.h>
#include <string.h>

#include "actnet_engine.h"
#include "actnet_extraction.h"
#include "actnet_verification.h"

#define EXCEPTION "org/mobileactnet/engine/EngineException"
#define METHOD(result, name) JNIEXPORT result JNICALL Java_org_mobileactnet_engine_NativeEngine_##name
#define VERIFICATION(result, name) \
  JNIEXPORT result JNICALL Java_org_mobileactnet_engine_NativeVerification_##name
#define EXTRACTION(result, name) \
  JNIEXPORT result JNICALL Java_org_mobileactnet_engine_NativeExtraction_##name

static ActnetEngine *engine_of(jlong number) { return (ActnetEngine *)(intptr_t)number; }

/* Java's own UTF-8 in C, NewStringUTF, stops the process at a path that is no valid text. */
static jobject string_of(JNIEnv *env, const char *text) {
  jsize length = (jsize)strlen(text);
  jclass type = (*env)->FindClass(env, "java/lang/String");
  jmethodID make = type ? (*env)->GetMethodID(env, type, "<init>", "([BLjava/lang/String;)V") : NULL;
  jbyteArray bytes = make ? (*env)->NewByteArray(env, length) : NULL;
  jstring charset = bytes ? (*env)->NewStringUTF(env, "UTF-8") : NULL;
  if (charset == NULL) return NULL;
  (*env)->SetByteArrayRegion(env, bytes, 0, length, (const jbyte *)text);
  return (*env)->NewObject(env, type, make, bytes, charset);
}

/* Leaves an exception of Java's own, such as no memory, in place. */
static void throw_error(JNIEnv *env, const ActnetError *error) {
  if ((*env)->ExceptionCheck(env)) return;
  jclass type = (*env)->FindClass(env, EXCEPTION);
  jmethodID make = type ? (*env)->GetMethodID(env, type, "<init>", "(ILjava/lang/String;)V") : NULL;
  jobject text = make ? string_of(env, error->text) : NULL;
  jobject exception = text ? (*env)->NewObject(env, type, make, (jint)error->code, text) : NULL;
  if (exception != NULL) (*env)->Throw(env, exception);
}

static void throw_out_of_memory(JNIEnv *env) {
  throw_error(env, &(ActnetError){ACTNET_OUT_OF_MEMORY, "out of memory"});
}

/* Copies a Java array and ends it with a zero. NULL after throwing. */
static char *copy_bytes(JNIEnv *env, jbyteArray array, jsize *length) {
  if (array == NULL) {
    throw_error(env, &(ActnetError){ACTNET_WRONG_ARGUMENT, "null is not allowed"});
    return NULL;
  }
  *length = (*env)->GetArrayLength(env, array);
  char *bytes = malloc((size_t)*length + 1);
  if (bytes == NULL) {
    throw_out_of_memory(env);
    return NULL;
  }
  (*env)->GetByteArrayRegion(env, array, 0, *length, (jbyte *)bytes);
  bytes[*length] = 0;
  return bytes;
}

/* The path comes as bytes: Java's strings in C are not UTF-8 outside the basic plane. */
METHOD(jlong, open)(JNIEnv *env, jclass type, jbyteArray path, jint threads,
                   jint accelerator) {
  (void)type;
  jsize length;
  ActnetError error;
  char *bytes = copy_bytes(env, path, &length);
  if (bytes == NULL) return 0;
  ActnetEngine *engine = actnet_open_on(bytes, threads, (ActnetAccelerator)accelerator, &error);
  free(bytes);
  if (engine == NULL) throw_error(env, &error);
  return (jlong)(intptr_t)engine;
}

METHOD(jint, accelerator)(JNIEnv *env, jclass type, jlong number) {
  (void)env, (void)type;
  return actnet_accelerator(engine_of(number));
}

METHOD(jintArray, sizes)(JNIEnv *env, jclass type, jlong number) {
  (void)type;
  ActnetSizes sizes = actnet_sizes(engine_of(number));
  const jint values[] = {sizes.height, sizes.width, (jint)sizes.descriptor_length};
  jintArray array = (*env)->NewIntArray(env, 3);
  if (array != NULL) (*env)->SetIntArrayRegion(env, array, 0, 3, values);
  return array;
}

METHOD(jfloatArray, describe)(JNIEnv *env, jclass type, jlong number, jbyteArray pixels) {
  (void)type;
  jsize size;
  ActnetError error;
  jfloatArray array = NULL;
  size_t length = actnet_sizes(engine_of(number)).descriptor_length;
  char *bytes = copy_bytes(env, pixels, &size);
  float *values = malloc((length + 1) * sizeof *values);
  if (bytes != NULL && values == NULL) throw_out_of_memory(env);
  if (bytes != NULL && values != NULL) {
    if (actnet_describe(engine_of(number), (const uint8_t *)bytes, (size_t)size, values, length,
                        &error))
      throw_error(env, &error);
    else if ((array = (*env)->NewFloatArray(env, (jsize)length)))
      (*env)->SetFloatArrayRegion(env, array, 0, (jsize)length, values);
  }
  free(values);
  free(bytes);
  return array;
}

METHOD(void, close)(JNIEnv *env, jclass type, jlong number) {
  (void)env, (void)type;
  actnet_close(engine_of(number));
}

static ActnetVerifier *verifier_of(jlong number) { return (ActnetVerifier *)(intptr_t)number; }

VERIFICATION(jlong, open)(JNIEnv *env, jclass type, jint width, jint height, jbyteArray features) {
  (void)type;
  jsize size;
  ActnetError error;
  char *bytes = copy_bytes(env, features, &size);
  if (bytes == NULL) return 0;
  ActnetLocalFeatures photo = {width, height, (const uint8_t *)bytes, (size_t)size};
  ActnetVerifier *verifier = actnet_verifier_open(&photo, &error);
  free(bytes);
  if (verifier == NULL) throw_error(env, &error);
  return (jlong)(intptr_t)verifier;
}

VERIFICATION(jdoubleArray, verify)(JNIEnv *env, jclass type, jlong number, jint width, jint height,
                                   jbyteArray features) {
  (void)type;
  jsize size;
  ActnetError error;
  ActnetVerification found;
  char *bytes = copy_bytes(env, features, &size);
  if (bytes == NULL) return NULL;
  ActnetLocalFeatures picture = {width, height, (const uint8_t *)bytes, (size_t)size};
  ActnetCode code = actnet_verify(verifier_of(number), &picture, &found, &error);
  free(bytes);
  if (code) {
    throw_error(env, &error);
    return NULL;
  }
  const jdouble inliers = found.inliers;
  jdoubleArray array = (*env)->NewDoubleArray(env, found.has_outline ? 9 : 1);
  if (array == NULL) return NULL;
  (*env)->SetDoubleArrayRegion(env, array, 0, 1, &inliers);
  if (found.has_outline) (*env)->SetDoubleArrayRegion(env, array, 1, 8, found.outline);
  return array;
}

VERIFICATION(void, close)(JNIEnv *env, jclass type, jlong number) {
  (void)env, (void)type;
  actnet_verifier_close(verifier_of(number));
}

EXTRACTION(jlong, open)(JNIEnv *env, jclass type, jbyteArray array) {
  (void)type;
  jsize size;
  ActnetError error;
  char *bytes = copy_bytes(env, array, &size);
  if (bytes == NULL) return 0;
  ActnetCodes *codes = actnet_codes_open((const uint8_t *)bytes, (size_t)size, &error);
  free(bytes);
  if (codes == NULL) throw_error(env, &error);
  return (jlong)(intptr_t)codes;
}

/* Grey pixels of the reduced picture, to be freed; NULL after filling `error`. The photo may be large, so it is read
 * where it lies: for the few milliseconds in which Java's memory must not move. */
static uint8_t *reduce(JNIEnv *env, jbyteArray rgb, ActnetPicture *picture, ActnetExtraction settings,
                       jint reduced[2], ActnetError *error) {
  picture->rgb_bytes = (size_t)(*env)->GetArrayLength(env, rgb);
  picture->rgb = (const uint8_t *)""; /* not read for the size */
  if (actnet_reduced_picture_size(picture, settings, reduced, reduced + 1, error)) return NULL;
  size_t pixels = (size_t)reduced[0] * (size_t)reduced[1];
  uint8_t *grey = malloc(pixels);
  void *bytes = grey == NULL ? NULL : (*env)->GetPrimitiveArrayCritical(env, rgb, NULL);
  *error = (ActnetError){ACTNET_OUT_OF_MEMORY, "out of memory"};
  if (bytes != NULL) {
    picture->rgb = bytes;
    actnet_reduce_picture(picture, settings, grey, pixels, error);
    (*env)->ReleasePrimitiveArrayCritical(env, rgb, bytes, JNI_ABORT);
  }
  if (bytes != NULL && error->code == ACTNET_OK) return grey;
  free(grey);
  return NULL;
}

EXTRACTION(jbyteArray, extract)(JNIEnv *env, jclass type, jlong number, jint width, jint height, jbyteArray rgb,
                                jint side, jint count, jintArray reduced) {
  (void)type;
  ActnetError error = {ACTNET_WRONG_ARGUMENT, "null is not allowed"};
  ActnetPicture picture = {width, height, NULL, 0};
  ActnetExtraction settings = actnet_photo_extraction();
  ActnetLocalFeatures found = {0};
  jint size[2] = {0, 0};
  jbyteArray array = NULL;
  uint8_t *features = NULL, *grey = NULL;
  settings.side_px = side, settings.count = count;
  if (rgb != NULL && reduced != NULL) grey = reduce(env, rgb, &picture, settings, size, &error);
  if (grey != NULL) {
    const size_t room = (size_t)count * ACTNET_FEATURE_BYTES;
    features = malloc(room);
    if (features == NULL) error = (ActnetError){ACTNET_OUT_OF_MEMORY, "out of memory"};
    else
      actnet_extract_from_grey((const ActnetCodes *)(intptr_t)number, grey, size[0], size[1], settings, features,
                               room, &found, &error);
  }
  if (error.code) {
    throw_error(env, &error);
  } else if ((array = (*env)->NewByteArray(env, (jsize)found.features_bytes))) {
    (*env)->SetByteArrayRegion(env, array, 0, (jsize)found.features_bytes, (const jbyte *)features);
    (*env)->SetIntArrayRegion(env, reduced, 0, 2, size);
  }
  free(features);
  free(grey);
  return array;
}

EXTRACTION(void, close)(JNIEnv *env, jclass type, jlong number) {
  (void)env, (void)type;
  actnet_codes_close((ActnetCodes *)(intptr_t)number);
}
