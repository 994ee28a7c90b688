/** Preprocessing and views, held to the bit by the golden files. */
import { describe, expect, test } from "vitest";

import { goldenPicture } from "../../src/core/picture.ts";
import { resize } from "../../src/core/resize.ts";
import { cropBox, type Crop, viewPictures, VIEWS, workingPicture, workingSize } from "../../src/core/views.ts";
import { golden, goldenJson, sha256 } from "./golden.ts";
import { decodePng } from "./png.ts";

interface Case {
  readonly source: string;
  readonly decoded_sha256: string;
  readonly width: number;
  readonly height: number;
  readonly expected: string;
}

interface Views {
  readonly sets: { readonly standard: string[] };
  readonly photos: { size: [number, number]; working_size: [number, number]; boxes: Record<string, number[]> }[];
  readonly pixels: { size: [number, number]; sha256: Record<string, string> }[];
}

const preprocessing = goldenJson<{ cases: Case[] }>("preprocessing/index.json");
const views = goldenJson<Views>("views.json");

// Decoding is the browser's; here those sources count that a few lines can decode.
const plain = preprocessing.cases.flatMap((each) => {
  const picture = decodePng(golden(`preprocessing/${each.source}`));
  return picture === null ? [] : [{ ...each, picture }];
});

describe("preprocessing", () => {
  test("enough golden pictures are looked at", () => expect(plain.length).toBeGreaterThan(8));

  test.each(plain)("$source", ({ picture, decoded_sha256, width, height, expected }) => {
    expect(sha256(picture.bytes)).toBe(decoded_sha256);
    const resized = resize(picture, width, height);
    expect(Buffer.compare(resized.bytes, golden(`preprocessing/${expected}`))).toBe(0);
  });
});

describe("views", () => {
  test.each(views.photos)("boxes in $size", ({ size, working_size, boxes }) => {
    const working = workingSize(size[0], size[1]);
    expect(working).toEqual(working_size);
    for (const [crop, box] of Object.entries(boxes))
      expect(cropBox(crop as Crop, ...working)).toEqual(box);
  });

  test("the set is the standard one", () => {
    expect(VIEWS.map(({ crop, turn }) => (turn ? `${crop}@${turn}` : crop))).toEqual(views.sets.standard);
  });

  test.each(views.pixels)("pixels of $size", ({ size, sha256: expected }) => {
    const photo = goldenPicture(size[0], size[1]);
    const all = Object.keys(expected).map((word) => {
      const [crop, turn] = word.split("@");
      return { crop: crop as Crop, turn: Number(turn ?? 0) };
    });
    const pictures = viewPictures(photo, workingPicture(photo), all);
    expect(pictures.map((picture) => sha256(picture.bytes))).toEqual(Object.values(expected));
  });
});
