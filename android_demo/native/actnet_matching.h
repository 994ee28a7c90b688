/* The nearest and second nearest of many codes: what verification spends its time on. */
#ifndef ACTNET_MATCHING_H
#define ACTNET_MATCHING_H

#include <stddef.h>
#include <stdint.h>

enum { ACTNET_CODE_BYTES = 16 };

/* Bits that a code and its nearest differ in, and its second nearest; `column` is the first of equally
 * near ones. */
typedef struct {
  int32_t column;
  int nearest, second;
} ActnetNearest;

/* One way to compare codes. All give the same; which are there depends on the processor.
 *
 * A photo's codes are arranged once, in as many bytes as `arranged_bytes` says, and compared with many others.
 */
typedef struct {
  const char *name;
  size_t (*arranged_bytes)(int32_t count);
  void (*arrange)(const uint8_t *codes, int32_t count, uint8_t *arranged);

  /* Compares a code with those arranged, two at least. */
  ActnetNearest (*nearest)(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *arranged, int32_t count);
} ActnetMatching;

/* The fastest way that this processor and its operating system allow. */
const ActnetMatching *actnet_matching(void);

#endif
