/* Homographies: fitting one from an affine start, and telling a sound one from a folded one.
 * docs/verification.md has the arithmetic. Rows of a model: 3 x 3, one row after another. */
#ifndef ACTNET_HOMOGRAPHY_H
#define ACTNET_HOMOGRAPHY_H

/* A match: a place in the picture and one in the photo, in sixteenths of a pixel. */
typedef struct {
  double x, y, u, v;
} ActnetPlaces;

/* Fits a homography to `count` matches by two Gauss-Newton steps from `model`, which it replaces.
 * longest: side of the photo, for the scale of numbers. Returns 0, and leaves `model`, where a depth is not
 * positive or the equations have no one solution. */
int actnet_fit_homography(const ActnetPlaces *matches, int count, double longest, double model[9]);

/* Tells whether a picture of this size stays convex, unmirrored and before the camera. */
int actnet_is_sound(const double model[9], double width, double height);

/* Maps a place: what comes out is (right, down). */
void actnet_project(const double model[9], double x, double y, double place[2]);

/* The places of a picture's corners, from its top left clockwise. */
void actnet_outline(const double model[9], double width, double height, double outline[8]);

#endif
