/* From a photo to the grey pixels that local features are taken from (docs/verification.md, steps 1 to 3). */
#ifndef ACTNET_GREY_H
#define ACTNET_GREY_H

#include <stdint.h>

enum { ACTNET_WEIGHT_BITS = 22 };

/* One pass of preprocessing's resize: each result is the weighted sum of the `count` pixels from `first` on. */
typedef struct {
  int count, *first;
  int32_t *weights; /* (results, count); those of one result are 1 << ACTNET_WEIGHT_BITS together, nearly */
} ActnetPass;

/* The weights from one length to another. Returns 0 where no memory is left; close it even so. */
int actnet_pass_open(ActnetPass *pass, int from, int to);
void actnet_pass_close(ActnetPass *pass);

/* The size of a picture whose longest side is at most `side_px`; nothing is enlarged. */
void actnet_reduced_size(int width, int height, int side_px, int *reduced_width, int *reduced_height);

/* Grey of upright RGB, reduced with preprocessing's arithmetic, horizontal pass first.
 *
 * rgb: (height, width, 3). grey: room for the reduced picture. Returns 0 where no memory is left.
 */
int actnet_reduce_to_grey(const uint8_t *rgb, int width, int height, uint8_t *grey, int reduced_width,
                          int reduced_height);

/* Even out the contrast in place: adaptive, limited histogram equalisation (CLAHE) in 8 x 8 tiles, clip limit 3,
 * with OpenCV's arithmetic. Returns 0 where no memory is left. */
int actnet_even_contrast(uint8_t *grey, int width, int height);

#endif
