/** Views, version 1 (docs/views.md): the crops and turns of a photo that are described one by one. */
import { CHANNELS, type RgbPicture } from "./picture.ts";
import { resize } from "./resize.ts";

/** Longest side of the reduced photo that every view but `whole` is cut from. */
export const WORKING_SIDE_PX = 640;

export type Crop =
  | "whole" | "centre" | "half" | "top-left" | "top-right" | "bottom-left" | "bottom-right";

/** `turn` is 0, 90, 180 or 270 degrees clockwise, after cropping. */
export interface View {
  readonly crop: Crop;
  readonly turn: number;
}

/** The set `standard`. */
export const VIEWS: readonly View[] = ["whole", "centre", "half", "centre@90", "centre@180", "centre@270"]
  .map((word) => {
    const [crop, turn] = word.split("@");
    return { crop: crop as Crop, turn: Number(turn ?? 0) };
  });

/** `right` and `bottom` are the first columns and rows outside. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Where a crop lies in a picture of this size. */
export function cropBox(crop: Crop, width: number, height: number): Box {
  if (crop === "whole") return [0, 0, width, height];
  const size = (side: number) =>
    crop === "half" ? (side + 1) >> 1 : Math.max(1, Math.floor((7 * side + 5) / 10));
  const right = width - size(width);
  const bottom = height - size(height);
  const left = crop.endsWith("left") ? 0 : crop.endsWith("right") ? right : right >> 1;
  const top = crop.startsWith("top") ? 0 : crop.startsWith("bottom") ? bottom : bottom >> 1;
  return [left, top, left + size(width), top + size(height)];
}

/** Width and height of a picture whose longest side is at most `sidePx`; nothing is enlarged. */
export function workingSize(width: number, height: number, sidePx = WORKING_SIDE_PX): [number, number] {
  const longest = Math.max(width, height);
  if (longest <= sidePx) return [width, height];
  const reduced = (side: number) =>
    Math.max(1, Math.floor((side * sidePx + Math.floor(longest / 2)) / longest));
  return [reduced(width), reduced(height)];
}

/** Reduces a photo to a longest side of 640 with the arithmetic of preprocessing. */
export function workingPicture(photo: RgbPicture): RgbPicture {
  return resize(photo, ...workingSize(photo.width, photo.height));
}

/**
 * Cuts and turns the views of a photo; `resize` then brings each to the model's size.
 *
 * `working` is `workingPicture(photo)`. The view `whole` is the photo itself.
 */
export function viewPictures(photo: RgbPicture, working: RgbPicture, views = VIEWS): RgbPicture[] {
  return views.map(({ crop, turn }) =>
    turned(crop === "whole" ? photo : cropped(working, crop), turn));
}

function cropped(picture: RgbPicture, crop: Crop): RgbPicture {
  const [left, top, right, bottom] = cropBox(crop, picture.width, picture.height);
  const [width, height] = [right - left, bottom - top];
  const bytes = new Uint8Array(CHANNELS * width * height);
  for (let y = 0; y < height; y++) {
    const from = CHANNELS * ((top + y) * picture.width + left);
    bytes.set(picture.bytes.subarray(from, from + CHANNELS * width), CHANNELS * y * width);
  }
  return { width, height, bytes };
}

function turned(picture: RgbPicture, turn: number): RgbPicture {
  if (turn === 0) return picture;
  const { width, height, bytes } = picture;
  const result = new Uint8Array(bytes.length);
  const lying = turn !== 180;
  const newWidth = lying ? height : width;
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0; x < width; x++, from += CHANNELS) {
      const right = turn === 90 ? height - 1 - y : turn === 180 ? width - 1 - x : y;
      const down = turn === 90 ? x : turn === 180 ? height - 1 - y : width - 1 - x;
      const to = CHANNELS * (down * newWidth + right);
      result[to] = bytes[from]!;
      result[to + 1] = bytes[from + 1]!;
      result[to + 2] = bytes[from + 2]!;
    }
  }
  return { width: newWidth, height: lying ? width : height, bytes: result };
}
