/** What is looked at in a picture file before it is decoded; the apps' tests are the same. */
import { expect, test } from "vitest";

import { claimedSize, isJpeg, isTruncated, reductionOf, withoutItsEnd } from "../../src/core/picture_file.ts";
import { golden } from "./golden.ts";

const NAMES = ["jpeg_orientation_6.jpg", "rgb16.png", "lossless.webp"] as const;
const source = (name: string) => golden(`preprocessing/sources/${name}`);

function joined(...parts: (Uint8Array | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

test.each(NAMES)("%s is whole, and its beginnings are not", (name) => {
  const file = source(name);
  expect(isTruncated(file)).toBe(false);
  // What follows the end is no part of the picture: phones append films.
  expect(isTruncated(joined(file, new Array<number>(50).fill(7)))).toBe(false);
  for (let length = 16; length < file.length; length += 1 + Math.floor(file.length / 300))
    expect(isTruncated(file.subarray(0, length)), `${length} bytes`).toBe(true);
  expect(isTruncated(file.subarray(0, -2))).toBe(true);
});

test("an end marker inside metadata is no end", () => {
  const start = [0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9];
  expect(isTruncated(joined(start))).toBe(true);
  expect(isTruncated(joined(start, [0xff, 0xff, 0xd9]))).toBe(false);
});

test("whatever bytes come, they end somewhere", () => {
  let state = 1;
  const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
  for (let number = 0; number < 3000; number++) {
    const bytes = Array.from({ length: random(60) }, () => random(256));
    for (const file of [joined(bytes), joined(source(NAMES[number % 3]!).subarray(0, 3 + random(37)), bytes)]) {
      isTruncated(file);
      claimedSize(file);
      withoutItsEnd(file);
    }
  }
  expect(isTruncated(new Uint8Array())).toBe(false);
  expect(isTruncated(source("bitmap.bmp").subarray(0, 60))).toBe(false);
});

test.each([1, 2])("an end marker is put back where %i of its bytes are missing", (missing) => {
  const file = source("jpeg_orientation_6.jpg");
  const { ended, followed, shortened } = withoutItsEnd(file.subarray(0, -missing));
  expect([...ended]).toEqual([...file]);
  expect(followed.length).toBe(file.length + 192);
  expect([...shortened]).toEqual([...file.subarray(0, -18), 0xff, 0xd9]);
});

test("sizes that headers claim", () => {
  const view = (file: Uint8Array) => new DataView(file.buffer, file.byteOffset);
  const png = source("rgb16.png");
  expect(claimedSize(png)).toEqual([view(png).getUint32(16), view(png).getUint32(20)]);
  // A progressive frame after a table, whose bytes look like a frame.
  const frame = [0xff, 0xd8, 0xff, 0xdb, 0, 6, 0xff, 0xc0, 0, 1, 0xff, 0xc2, 0, 11, 8, 0x23, 0x28, 0x2e, 0xe0, 1];
  expect(claimedSize(joined(frame))).toEqual([12000, 9000]);
  expect(claimedSize(joined(frame.slice(0, 17)))).toBeNull();
  expect(claimedSize(source("lossless.webp"))).toBeNull();
  expect(isJpeg(source("rgb16.png"))).toBe(false);
});

test("JPEGs are reduced until they fit", () => {
  expect(reductionOf(9459, 9459, true)).toBe(1);
  // 108 and 200 million pixels, as phones make them.
  expect(reductionOf(12000, 9000, true)).toBe(2);
  expect(reductionOf(16320, 12240, true)).toBe(2);
  expect(reductionOf(400, 300, false)).toBe(1);
  expect(reductionOf(357_913_940, 1, true)).toBe(4);
  for (const side of [18919, 65535]) expect(reductionOf(side, side, true)).toBeNull();
  expect(reductionOf(12000, 9000, false)).toBeNull();
});
