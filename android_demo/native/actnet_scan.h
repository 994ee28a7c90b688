/* Exact search: the stored int8 descriptors that are most similar to a few others (docs/gallery.md). */
#ifndef ACTNET_SCAN_H
#define ACTNET_SCAN_H

#include <stdint.h>

/* Stored descriptors: each is its scale times its values. */
typedef struct {
  const int8_t *values; /* (count, length) */
  const double *scales; /* (count) */
  int64_t count;
  int32_t length;
} ActnetStored;

typedef enum { ACTNET_SCAN_NO_MEMORY = -1, ACTNET_SCAN_NOT_HERE = 0, ACTNET_SCAN_DONE = 1 } ActnetScanned;

/* Find the `top` rows most similar to each query, best first; equal ones in the order of rows.
 *
 * A similarity is (product of the values) * (scale of the query) * (scale of the row), in that order, and a row
 * where it is not finite is not found. positions, similarities: (queries, top). found: (queries), how many of
 * them are filled. ACTNET_SCAN_NOT_HERE: the processor has no vectors that this is faster with;
 * one query needs wider ones than two.
 */
ActnetScanned actnet_scan(const ActnetStored *rows, const ActnetStored *queries, int32_t top,
                          int64_t *positions, double *similarities, int32_t *found);

/* Store descriptors, each of length 1: value = x * (127 / largest |x|), rounded to even; scale = 1 / length of values.
 *
 * descriptors: (count, length). Returns 0 where one's length is not within `tolerance` of 1.
 */
int actnet_store(const float *descriptors, int64_t count, int32_t length, double tolerance, int8_t *values,
                 double *scales);

#endif
