/** Pictures as every step of recognition sees them: upright, 8 bits a channel, sRGB. */

export const CHANNELS = 3;

/** `bytes` has height x width x 3 values, one row after another. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Writes the colours of `rgba`, which has no transparency left, to `bytes` from `start` on. */
export function copyRgb(rgba: Uint8ClampedArray, bytes: Uint8Array, start = 0): void {
  for (let from = 0, to = start; from < rgba.length; from += 4, to += CHANNELS) {
    bytes[to] = rgba[from]!;
    bytes[to + 1] = rgba[from + 1]!;
    bytes[to + 2] = rgba[from + 2]!;
  }
}

/** The golden picture of a manifest (`xor-1` of docs/manifest.md). */
export function goldenPicture(width: number, height: number): RgbPicture {
  const bytes = new Uint8Array(CHANNELS * width * height);
  for (let y = 0, place = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < CHANNELS; channel++)
        bytes[place++] = ((2 + channel) * x) ^ ((4 - channel) * y);
  return { width, height, bytes };
}
