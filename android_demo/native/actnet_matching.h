/* The nearest and second nearest of many codes: what verification spends its time on. */
#ifndef ACTNET_MATCHING_H
#define ACTNET_MATCHING_H

#include <stdint.h>

enum { ACTNET_CODE_BYTES = 16 };

/* Codes are read in blocks: so many bytes behind the last one must be readable, whatever they hold. */
enum { ACTNET_CODES_MARGIN = 15 * ACTNET_CODE_BYTES };

/* Bits that a code and its nearest differ in, and its second nearest; `column` is the first of equally
 * near ones. */
typedef struct {
  int32_t column;
  int nearest, second;
} ActnetNearest;

/* Compares a code with others, two at least. */
ActnetNearest actnet_nearest(const uint8_t code[ACTNET_CODE_BYTES], const uint8_t *others,
                             int32_t count);

#endif
