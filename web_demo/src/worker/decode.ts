/** From what the browser decodes to upright RGB over white. */
import { CHANNELS, copyRgb, type RgbPicture } from "../core/picture.ts";
import { claimedSize, isJpeg, isTruncated, reductionOf, withoutItsEnd } from "../core/picture_file.ts";
import { Refusal } from "../core/refusal.ts";

// Phones limit the area of a canvas; strips stay below it whatever the photo's height.
const STRIP_PX = 4_194_304;

/** Decodes a file, or reads a frame of the camera. The browser applies EXIF's orientation and profiles. */
export async function decode(photo: Blob | ImageBitmap): Promise<RgbPicture> {
  if (!(photo instanceof Blob)) return reducedPixels(photo, false);
  const file = new Uint8Array(await photo.arrayBuffer());
  const jpeg = isJpeg(file);
  // Before anything is decoded: a small file may claim any number of pixels.
  const claimed = claimedSize(file);
  if (claimed !== null) reduction(...claimed, jpeg);
  if (!isTruncated(file)) return reducedPixels(await bitmapOf(file), jpeg);
  if (!jpeg) throw new Refusal("truncatedPhoto");
  return reducedPixels(await endedBitmap(file), jpeg);
}

async function bitmapOf(file: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([file]), { imageOrientation: "from-image" });
  } catch {
    throw new Refusal("unreadablePhoto");
  }
}

/** Decodes a JPEG without end marker; refuses it where more than the marker is missing. */
async function endedBitmap(file: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  const { ended, followed, shortened } = withoutItsEnd(file);
  const whole = await bitmapOf(ended);
  if ((await looksLike(whole, followed)) && !(await looksLike(whole, shortened))) return whole;
  whole.close();
  throw new Refusal("truncatedPhoto");
}

async function looksLike(bitmap: ImageBitmap, file: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const other = await bitmapOf(file);
  try {
    return sameColours(strips(bitmap), strips(other));
  } finally {
    other.close();
  }
}

function sameColours(one: Iterable<Uint8ClampedArray>, other: Iterable<Uint8ClampedArray>): boolean {
  const others = other[Symbol.iterator]();
  for (const strip of one) {
    const same = others.next();
    if (same.done || strip.length !== same.value.length) return false;
    if (!strip.every((value, place) => value === same.value[place])) return false;
  }
  return others.next().done === true;
}

/** Pixels of a bitmap, which is closed; a large JPEG's at a half of its size. */
function reducedPixels(bitmap: ImageBitmap, jpeg: boolean): RgbPicture {
  try {
    const by = reduction(bitmap.width, bitmap.height, jpeg);
    const [width, height] = [Math.ceil(bitmap.width / by), Math.ceil(bitmap.height / by)];
    const bytes = new Uint8Array(CHANNELS * width * height);
    let at = 0;
    for (const rgba of strips(bitmap, width, height)) {
      copyRgb(rgba, bytes, at);
      at += (CHANNELS * rgba.length) / 4;
    }
    return { width, height, bytes };
  } finally {
    bitmap.close();
  }
}

function reduction(width: number, height: number, jpeg: boolean): number {
  const by = reductionOf(width, height, jpeg);
  if (by === null) throw new Refusal("tooLargePhoto", `${width} x ${height}`);
  return by;
}

/** Yields a bitmap's colours over white, RGBA, some rows at a time; at another size, if one is given. */
function* strips(bitmap: ImageBitmap, width = bitmap.width, height = bitmap.height): Iterable<Uint8ClampedArray> {
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PX / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Refusal("unexpected", "this browser draws nothing outside the page");
  context.fillStyle = "#fff";
  // Between two pixels each way: at a half it is the mean of four.
  context.imageSmoothingQuality = "low";
  const scale = bitmap.height / height;
  for (let top = 0; top < height; top += rows) {
    const strip = Math.min(rows, height - top);
    context.fillRect(0, 0, width, strip);
    context.drawImage(bitmap, 0, top * scale, bitmap.width, strip * scale, 0, 0, width, strip);
    yield context.getImageData(0, 0, width, strip).data;
  }
}
