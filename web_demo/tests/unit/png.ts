/** Decodes plain 8-bit RGB PNGs, all that the tests need: browsers decode everything else. */
import { inflateSync } from "node:zlib";

import { CHANNELS, type RgbPicture } from "../../src/core/picture.ts";

const COLOUR_RGB = 2;

/** Returns null for other pictures than 8-bit RGB without interlacing, transparency or a profile. */
export function decodePng(bytes: Uint8Array): RgbPicture | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47) return null;
  const chunks = new Map<string, Uint8Array[]>();
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    const name = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + view.getUint32(at));
    chunks.set(name, [...(chunks.get(name) ?? []), body]);
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, interlaced] = [bytes[24], bytes[25], bytes[28]];
  const special = ["tRNS", "iCCP", "eXIf"].some((name) => chunks.has(name));
  if (depth !== 8 || colour !== COLOUR_RGB || interlaced !== 0 || special) return null;
  return { width, height, bytes: unfiltered(inflateSync(Buffer.concat(chunks.get("IDAT")!)), width, height) };
}

function unfiltered(data: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const stride = CHANNELS * width;
  const result = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)]!;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= CHANNELS ? result[at - CHANNELS]! : 0;
      const above = y > 0 ? result[at - stride]! : 0;
      const corner = x >= CHANNELS && y > 0 ? result[at - stride - CHANNELS]! : 0;
      result[at] = data[y * (stride + 1) + 1 + x]! + predicted(filter, left, above, corner);
    }
  }
  return result;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter === 4) return paeth(left, above, corner);
  return 0;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
