/* From a picture, or a part of one, to the RGB pixels that the network sees (docs/preprocessing.md, part 2). */
#ifndef ACTNET_RESIZE_H
#define ACTNET_RESIZE_H

#include <stdint.h>

/* Pixels that lie somewhere in memory. A part of a larger picture starts at its first pixel. */
typedef struct {
  const uint8_t *pixels;
  int32_t width, height;
  int32_t pixel_bytes; /* 3: red, green, blue; 4: a byte that counts for nothing behind them */
  int64_t row_bytes;   /* from one row to the next */
} ActnetPixels;

/* Resize a picture, rows first: a pass whose length is right is left out.
 *
 * rgb: room for (height, width, 3). columns_first: what the turns by 90 and 270 degrees need.
 * Returns 0 where no memory is left, or the picture cannot be.
 */
int actnet_resize(const ActnetPixels *picture, uint8_t *rgb, int32_t width, int32_t height,
                  int columns_first);

/* Turn (height, width, 3) pixels clockwise by 90, 180 or 270 degrees into `turned`. */
void actnet_turn(const uint8_t *rgb, int32_t width, int32_t height, int turn_deg, uint8_t *turned);

#endif
