/** Local features in WebAssembly against those that OpenCV finds, by the rules of the golden files. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { CHANNELS, type RgbPicture } from "../../src/core/picture.ts";
import { golden, goldenJson, openEngine } from "./golden.ts";

interface Drawn {
  readonly name: string;
  readonly size: [width: number, height: number];
  readonly rectangles: number[][];
  readonly side_px: number;
  readonly count: number;
  readonly reduced_size: [number, number];
  readonly file: string;
}

interface Index {
  readonly background: number;
  readonly near: { position: number; size: number; angle: number };
  readonly least_share: number;
  readonly most_median_bits: number;
  readonly pictures: Drawn[];
}

const index = goldenJson<Index>("extraction/index.json");
const engine = await openEngine();
engine.openCodes(new Uint8Array(readFileSync(
  new URL("../../../mobile_actnet/weights/local_codes.safetensors", import.meta.url))));

function draw({ size: [width, height], rectangles }: Drawn): RgbPicture {
  const bytes = new Uint8Array(CHANNELS * width * height).fill(index.background);
  for (const [left, top, wide, high, ...colour] of rectangles)
    for (let y = Math.max(0, top!); y < Math.min(height, top! + high!); y++)
      for (let x = Math.max(0, left!); x < Math.min(width, left! + wide!); x++)
        bytes.set(colour, CHANNELS * (y * width + x));
  return { width, height, bytes };
}

interface Feature {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly angle: number;
  readonly code: Uint8Array;
}

function featuresOf(bytes: Uint8Array): Feature[] {
  const count = bytes.length / 22;
  const wide = (at: number) => bytes[2 * at]! | (bytes[2 * at + 1]! << 8);
  return Array.from({ length: count }, (_, k) => ({
    x: wide(k), y: wide(count + k), size: bytes[4 * count + k]!, angle: bytes[5 * count + k]!,
    code: bytes.subarray(6 * count + 16 * k, 6 * count + 16 * k + 16),
  }));
}

function isNear(one: Feature, other: Feature): boolean {
  const turn = Math.abs(((one.angle - other.angle + 128) & 255) - 128);
  return Math.hypot(one.x - other.x, one.y - other.y) <= index.near.position &&
    Math.abs(one.size - other.size) <= index.near.size && turn <= index.near.angle;
}

function differingBits(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((sum, byte, k) => sum + (byte ^ other[k]!).toString(2).replaceAll("0", "").length, 0);
}

// The page takes features from photos only.
test("features of a photo", () => {
  const photo = index.pictures.find(({ name }) => name === "photo")!;
  const { width, height, features } = engine.extract(draw(photo));
  expect([width, height]).toEqual(photo.reduced_size);
  const ours = featuresOf(features);
  const bits = featuresOf(golden(`extraction/${photo.file}`)).map((expected) => {
    const near = ours.filter((each) => isNear(each, expected));
    return near.length === 0 ? null : Math.min(...near.map(({ code }) => differingBits(code, expected.code)));
  });
  const found = bits.filter((each) => each !== null).sort((one, other) => one - other);
  expect(found.length / bits.length).toBeGreaterThanOrEqual(index.least_share);
  expect(found[found.length >> 1]).toBeLessThanOrEqual(index.most_median_bits);
});
