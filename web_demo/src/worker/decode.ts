/** From what the browser decodes to upright RGB over white. */
import { CHANNELS, copyRgb, type RgbPicture } from "../core/picture.ts";
import { Refusal } from "../core/refusal.ts";

const MAX_PIXELS = 89_478_485;

// Phones limit the area of a canvas; strips stay below it whatever the photo's height.
const STRIP_PX = 4_194_304;

/** Decodes a file, or reads a frame of the camera. The browser applies EXIF's orientation and profiles. */
export async function decode(photo: Blob | ImageBitmap): Promise<RgbPicture> {
  const bitmap = photo instanceof Blob ? await decodeFile(photo) : photo;
  try {
    if (bitmap.width * bitmap.height > MAX_PIXELS)
      throw new Refusal("tooLargePhoto", `${bitmap.width} x ${bitmap.height}`);
    return pixels(bitmap);
  } finally {
    bitmap.close();
  }
}

async function decodeFile(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Refusal("unreadablePhoto", file instanceof File ? file.name : "");
  }
}

function pixels(bitmap: ImageBitmap): RgbPicture {
  const { width, height } = bitmap;
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PX / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Refusal("unexpected", "this browser draws nothing outside the page");
  const bytes = new Uint8Array(CHANNELS * width * height);
  for (let top = 0; top < height; top += rows) {
    const strip = Math.min(rows, height - top);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, strip);
    context.drawImage(bitmap, 0, -top);
    copyRgb(context.getImageData(0, 0, width, strip).data, bytes, CHANNELS * width * top);
  }
  return { width, height, bytes };
}
