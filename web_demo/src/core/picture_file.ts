/** What is looked at in a picture file before the browser decodes it: docs/preprocessing.md has the rules. */
export const MAX_PIXELS = 89_478_485;

const MAX_JPEG_PIXELS = 4 * MAX_PIXELS;
const REDUCTIONS = [1, 2, 4, 8];
const FIRST_MARKER_BYTE = 0xff;
const END_OF_IMAGE = 0xd9;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG_CHUNK_BYTES = 12;
const RIFF_HEADER_BYTES = 8;
// C0 to CF begin a frame, but for tables of Huffman codes, a reserved one and arithmetic conditioning.
const NO_FRAME = [0xc4, 0xc8, 0xcc];
// What no picture holds after its last byte, and how much of its end a whole one depends on.
const ODD_BYTES = Uint8Array.from({ length: 192 }, (_, place) => [0x5a, 0xa5, 0x3c][place % 3]!);
const END_BYTES = 16;

export function isJpeg(file: Uint8Array): boolean {
  return startsWith(file, [0xff, 0xd8, 0xff]);
}

/**
 * Whether a JPEG, PNG or WebP file ends too early; a browser shows it as far as it goes, and tells nobody.
 *
 * A JPEG without its end marker counts: `withoutItsEnd` tells whether only the marker is missing.
 */
export function isTruncated(file: Uint8Array): boolean {
  if (isJpeg(file)) return jpegMarker(file, (marker) => marker === END_OF_IMAGE) === null;
  if (startsWith(file, PNG_SIGNATURE)) return isTruncatedPng(file);
  if (file.length >= PNG_CHUNK_BYTES && text(file, 0) === "RIFF" && text(file, 8) === "WEBP")
    return view(file).getUint32(4, true) + RIFF_HEADER_BYTES > file.length;
  return false;
}

/**
 * What is decoded to tell whether a JPEG without end marker is whole: `ended`, and two that differ from it.
 *
 * It is whole where its pixels do not depend on what follows its last byte, and do depend on its last bytes: where
 * `followed` has the pixels of `ended`, and `shortened` has others.
 */
export function withoutItsEnd(file: Uint8Array): Record<"ended" | "followed" | "shortened", Uint8Array<ArrayBuffer>> {
  let end = file.length;
  while (end > 0 && file[end - 1] === FIRST_MARKER_BYTE) end--; // Half of the marker is none.
  const data = file.subarray(0, end);
  return {
    ended: withMarker(data),
    followed: withMarker(data, ODD_BYTES),
    shortened: withMarker(data.subarray(0, Math.max(0, end - END_BYTES))),
  };
}

/** Width and height that the header of a JPEG or PNG claims, as they are stored; null for others. */
export function claimedSize(file: Uint8Array): [number, number] | null {
  if (startsWith(file, PNG_SIGNATURE) && file.length >= 24) return [view(file).getUint32(16), view(file).getUint32(20)];
  if (!isJpeg(file)) return null;
  const isFrame = (marker: number) => marker >> 4 === 0xc && !NO_FRAME.includes(marker);
  const at = jpegMarker(file, isFrame);
  if (at === null || at + 9 > file.length) return null;
  return [view(file).getUint16(at + 7), view(file).getUint16(at + 5)];
}

/** By how much a picture is reduced: 1, 2, 4 or 8, the first that fits; null if it is too large even so. */
export function reductionOf(width: number, height: number, jpeg: boolean): number | null {
  if (width * height <= MAX_PIXELS) return 1;
  if (!jpeg || width * height > MAX_JPEG_PIXELS) return null;
  return REDUCTIONS.find((by) => Math.ceil(width / by) * Math.ceil(height / by) <= MAX_PIXELS) ?? null;
}

/** Where the first marker stands that is looked for; null if there is none. */
function jpegMarker(file: Uint8Array, isLookedFor: (marker: number) => boolean): number | null {
  let at = 2;
  while (at + 1 < file.length) {
    const marker = file[at + 1]!;
    // Data of a scan, or a byte that fills: the next marker is searched for.
    if (file[at] !== FIRST_MARKER_BYTE || marker === FIRST_MARKER_BYTE) at++;
    else if (isLookedFor(marker)) return at;
    // Without a length: a stuffed byte, TEM, the restarts, the start and the end of an image.
    else if (marker < 2 || (marker >= 0xd0 && marker <= END_OF_IMAGE)) at += 2;
    else if (at + 3 < file.length) at += 2 + view(file).getUint16(at + 2);
    else return null;
  }
  return null;
}

function isTruncatedPng(file: Uint8Array): boolean {
  let at = PNG_SIGNATURE.length;
  while (at + PNG_CHUNK_BYTES <= file.length) {
    if (text(file, at + 4) === "IEND") return false;
    at += PNG_CHUNK_BYTES + view(file).getUint32(at);
  }
  return true;
}

function withMarker(data: Uint8Array, rest: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(data.length + rest.length + 2);
  file.set(data);
  file.set(rest, data.length);
  file.set([FIRST_MARKER_BYTE, END_OF_IMAGE], data.length + rest.length);
  return file;
}

function startsWith(file: Uint8Array, bytes: readonly number[]): boolean {
  return file.length >= bytes.length && bytes.every((byte, place) => file[place] === byte);
}

function text(file: Uint8Array, at: number): string {
  return String.fromCharCode(...file.subarray(at, at + 4));
}

function view(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength);
}
