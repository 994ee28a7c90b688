/* SIFT (Lowe, IJCV 2004) on grey pixels, with OpenCV's parameters and conventions.
 *
 * Three layers an octave, a first blur of 1.6, contrasts from 0.02 / 3 of the grey levels on, edges up to a ratio
 * of 10. What is found agrees with OpenCV's SIFT up to rounding: docs/verification.md says how far.
 */
#ifndef ACTNET_SIFT_H
#define ACTNET_SIFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many features are looked for, and where.
 *
 * first_octave: -1 doubles the picture first and finds more and finer places, at four times the cost; 0 does not.
 */
typedef struct {
  int32_t first_octave, count;
} ActnetSiftSettings;

/* Find the `count` features of the largest contrast, in the order of contrast (largest first), y, x, angle.
 *
 * grey: (height, width). It needs about 25 bytes a pixel, four times as many with first_octave -1; all are freed.
 * keypoints: room for (count, 4) x, y (0 is the first pixel's centre), diameter in pixels, angle in degrees.
 * gradients: room for (count, 128), 0 to 255.
 *
 * Returns how many were found, at most `count`; -1 where no memory is left.
 */
int32_t actnet_sift(const uint8_t *grey, int width, int height, ActnetSiftSettings settings,
                    float *keypoints, float *gradients);

#ifdef __cplusplus
}
#endif

#endif
