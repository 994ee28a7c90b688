/**
 * Preprocessing, version 1: antialiased bilinear with Pillow's integers (docs/preprocessing.md).
 * tests/golden/preprocessing holds it to the bit.
 */
import { CHANNELS, type RgbPicture } from "./picture.ts";

export const PREPROCESSING = { name: "pillow-bilinear", version: 1 } as const;

const BITS = 22;
const HALF = 1 << (BITS - 1);

/** One pass: where each result begins in the source, and the fixed-point weights from there. */
interface Filter {
  readonly first: Int32Array;
  readonly weights: Int32Array[];
}

/** Resizes a picture, rows first; the aspect ratio is not kept, a pass that is not needed is left out. */
export function resize(picture: RgbPicture, width: number, height: number): RgbPicture {
  const rows = picture.width === width ? picture : resizeRows(picture, width);
  return rows.height === height ? rows : resizeColumns(rows, height);
}

function filter(from: number, to: number): Filter {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  const first = new Int32Array(to);
  const weights: Int32Array[] = [];
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const shares = new Float64Array(end - start);
    let total = 0;
    for (let k = 0; k < shares.length; k++) {
      shares[k] = Math.max(0, 1 - Math.abs((start + k - centre + 0.5) * inverse));
      total += shares[k]!;
    }
    first[place] = start;
    weights.push(Int32Array.from(shares, (share) => Math.trunc((share / total) * (1 << BITS) + 0.5)));
  }
  return { first, weights };
}

function resizeRows(picture: RgbPicture, width: number): RgbPicture {
  const { first, weights } = filter(picture.width, width);
  const source = picture.bytes;
  const bytes = new Uint8ClampedArray(CHANNELS * width * picture.height);
  for (let y = 0, to = 0; y < picture.height; y++) {
    const row = CHANNELS * y * picture.width;
    for (let x = 0; x < width; x++) {
      const factors = weights[x]!;
      let from = row + CHANNELS * first[x]!;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = 0; k < factors.length; k++, from += CHANNELS) {
        const factor = factors[k]!;
        red += source[from]! * factor;
        green += source[from + 1]! * factor;
        blue += source[from + 2]! * factor;
      }
      bytes[to++] = red >> BITS;
      bytes[to++] = green >> BITS;
      bytes[to++] = blue >> BITS;
    }
  }
  return { width, height: picture.height, bytes: plain(bytes) };
}

function resizeColumns(picture: RgbPicture, height: number): RgbPicture {
  const { first, weights } = filter(picture.height, height);
  const stride = CHANNELS * picture.width;
  const source = picture.bytes;
  const bytes = new Uint8ClampedArray(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    const factors = weights[y]!;
    sums.fill(HALF);
    for (let k = 0; k < factors.length; k++) {
      const factor = factors[k]!;
      const row = stride * (first[y]! + k);
      for (let place = 0; place < stride; place++) sums[place]! += source[row + place]! * factor;
    }
    for (let place = 0; place < stride; place++) bytes[stride * y + place] = sums[place]! >> BITS;
  }
  return { width: picture.width, height, bytes: plain(bytes) };
}

function plain(bytes: Uint8ClampedArray<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer);
}
