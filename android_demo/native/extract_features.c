/* Takes the local features of a picture: for the sanitisers, for ARM64 under emulation, and for counting.
 *
 *     extract_features CODES.safetensors WIDTH HEIGHT PICTURE.rgb SIDE COUNT FIRST_OCTAVE
 *
 * prints width and height of the reduced picture and a line of hexadecimal digits, the blob. Around the extraction it
 * calls getppid(), where count_instructions.so notes its sum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "actnet_extraction.h"

static uint8_t *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  long length = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0) length = ftell(file);
  uint8_t *content = length < 0 ? NULL : malloc((size_t)length + 1);
  if (content == NULL || fseek(file, 0, SEEK_SET) || fread(content, 1, (size_t)length, file) != (size_t)length) {
    fprintf(stderr, "extract_features: cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  *bytes = (size_t)length;
  return content;
}

int main(int count, char **words) {
  if (count != 8) {
    fprintf(stderr, "usage: extract_features CODES WIDTH HEIGHT PICTURE.rgb SIDE COUNT FIRST_OCTAVE\n");
    return 2;
  }
  ActnetError error = {ACTNET_OK, ""};
  size_t codes_bytes, rgb_bytes;
  uint8_t *content = read_file(words[1], &codes_bytes), *rgb = read_file(words[4], &rgb_bytes);
  const ActnetPicture picture = {atoi(words[2]), atoi(words[3]), rgb, rgb_bytes};
  const ActnetExtraction settings = {atoi(words[5]), atoi(words[6]), atoi(words[7])};
  const size_t room = (size_t)settings.count * ACTNET_FEATURE_BYTES;
  uint8_t *features = malloc(room + 1);
  ActnetLocalFeatures found = {0};
  ActnetCodes *codes = actnet_codes_open(content, codes_bytes, &error);
  getppid();
  int failed = codes == NULL || features == NULL ||
               actnet_extract(codes, &picture, settings, features, room, &found, &error);
  getppid();
  if (failed) fprintf(stderr, "extract_features: %s\n", error.text);
  if (!failed) printf("%d %d\n", found.width_px, found.height_px);
  for (size_t k = 0; k < found.features_bytes; k++) printf("%02x", found.features[k]);
  printf("\n");
  actnet_codes_close(codes);
  free(features);
  free(content);
  free(rgb);
  return failed;
}
