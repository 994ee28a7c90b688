/* Compares a gallery picture with a photo: what holds ARM64 under emulation to the golden pairs.
 *
 *     verify_pairs WIDTH HEIGHT PICTURE.bin WIDTH HEIGHT PHOTO.bin
 *
 * prints the inliers and, where there is one, the outline's eight numbers in pixels of the reduced photo.
 * Around the comparison it calls getppid(), where count_instructions.so notes its sum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actnet_verification.h"

enum { MAX_BYTES = ACTNET_MAX_FEATURES * ACTNET_FEATURE_BYTES };

static uint8_t contents[2][MAX_BYTES];

static ActnetLocalFeatures read_features(char **words, uint8_t *content) {
  FILE *file = fopen(words[2], "rb");
  if (file == NULL) {
    fprintf(stderr, "verify_pairs: cannot read %s\n", words[2]);
    exit(1);
  }
  size_t count = fread(content, 1, MAX_BYTES, file);
  fclose(file);
  return (ActnetLocalFeatures){atoi(words[0]), atoi(words[1]), content, count};
}

int main(int count, char **words) {
  ActnetError error;
  ActnetVerification found;
  if (count != 7) {
    fprintf(stderr, "usage: verify_pairs WIDTH HEIGHT PICTURE.bin WIDTH HEIGHT PHOTO.bin\n");
    return 2;
  }
  ActnetLocalFeatures picture = read_features(words + 1, contents[0]);
  ActnetLocalFeatures photo = read_features(words + 4, contents[1]);
  ActnetVerifier *verifier = actnet_verifier_open(&photo, &error);
  getppid();
  if (verifier == NULL || actnet_verify(verifier, &picture, &found, &error)) {
    fprintf(stderr, "verify_pairs: %s\n", error.text);
    return 1;
  }
  getppid();
  printf("%d", found.inliers);
  for (int k = 0; found.has_outline && k < 8; k++) printf(" %.17g", found.outline[k]);
  printf("\n");
  actnet_verifier_close(verifier);
  return 0;
}
