/* Pictures of floats, their Gaussian blur, and their halves and doubles. */
#ifndef ACTNET_PLANES_H
#define ACTNET_PLANES_H

#include <stddef.h>
#include <stdint.h>

/* Rows are whole blocks of this many floats: four vectors of the widest lanes that there are (actnet_lanes.h). */
#ifdef __x86_64__
enum { ACTNET_BLOCK = 32 };
#else
enum { ACTNET_BLOCK = 16 };
#endif

/* (height, stride) floats; of each row the first `width` count. */
typedef struct {
  int width, height, stride;
  float *values; /* in memory that is not the plane's own */
} ActnetPlane;

/* What a blur needs besides its two planes; one serves for planes up to a width and a standard deviation. */
typedef struct {
  float *row, *rows;
} ActnetBlurRoom;

/* Whole blocks for a row of `width`. */
int actnet_stride(int width);

/* How many floats a plane takes. */
size_t actnet_plane_values(int width, int height);

/* Returns 0 where no memory is left. */
int actnet_blur_room_open(ActnetBlurRoom *room, int width, double deviation);

/* The place that an index beyond an edge is mirrored to; the edge itself is not repeated. */
int actnet_mirrored(int index, int count);

/* What these three put behind the width of a row is 0. */
void actnet_plane_of_bytes(const uint8_t *bytes, ActnetPlane *plane);

/* Twice the width and height, bilinear; a pixel's area becomes that of four. `room` is for a row of bytes. */
void actnet_plane_doubled(const uint8_t *bytes, int width, int height, ActnetPlane *doubled, float *room);

/* Half the width and height, rounded down: the first of two pixels. */
void actnet_plane_halved(const ActnetPlane *plane, ActnetPlane *half);

/* Blur with a standard deviation in pixels; planes of equal size, which may be one and the same. */
void actnet_blur(const ActnetPlane *from, ActnetPlane *to, double deviation, ActnetBlurRoom *room);

void actnet_blur_room_close(ActnetBlurRoom *room);

#endif
