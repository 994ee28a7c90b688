/** The format of a gallery, versions 1 and 2 (docs/gallery.md): its marks, and what is refused. */
import { MAX_DIM, type Storage } from "./descriptors.ts";
import type { Manifest } from "./manifest.ts";
import { Refusal } from "./refusal.ts";

const APPLICATION_ID = 0x41435447;
const NEWEST_VERSION = 2;
const HEADER_BYTES = 100;
const MARK = "SQLite format 3\0";

/** The kind of local features that this page compares, as the gallery's setting says it. */
export const LOCAL_FEATURES = "sift-128-bits 1";

/** The one row of the table `gallery`, as far as the page needs it. */
export interface GalleryInfo {
  readonly modelFile: string;
  readonly modelSha256: string;
  readonly preprocessing: { readonly name: string; readonly version: number };
  readonly height: number;
  readonly width: number;
  readonly dim: number;
  readonly storage: Storage;
  readonly uuid: string;
  readonly revision: number;
  readonly madeBy: string;
}

export const INFO_SQL =
  "SELECT model_file, model_sha256, preprocessing_name, preprocessing_version, height_px, width_px, dim, " +
  "storage, uuid, revision, made_by FROM gallery";

/** Looks at the bytes of a gallery before SQLite opens them; returns the version. */
export function checkMarks(bytes: Uint8Array): number {
  const header = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_BYTES));
  if (bytes.length === 0) throw new Refusal("noGallery");
  if (bytes.length < HEADER_BYTES || new TextDecoder("latin1").decode(bytes.subarray(0, 16)) !== MARK)
    throw new Refusal("notAGallery");
  if (header.getUint32(68) !== APPLICATION_ID) throw new Refusal("notAGallery");
  const version = header.getUint32(60);
  if (version < 1 || version > NEWEST_VERSION) throw new Refusal("otherVersion", String(version));
  return version;
}

/** Reads the row of `INFO_SQL`. */
export function readInfo(rows: readonly (readonly unknown[])[]): GalleryInfo {
  if (rows.length !== 1) throw new Refusal("damagedGallery", `${rows.length} rows say what made it`);
  const row = rows[0]!;
  const storage = text(row[7]);
  if (storage !== "int8" && storage !== "float16") throw new Refusal("damagedGallery", `storage ${storage}`);
  return {
    modelFile: text(row[0]),
    modelSha256: text(row[1]),
    preprocessing: { name: text(row[2]), version: whole(row[3], 0, 2 ** 31) },
    height: whole(row[4], 1, 65536),
    width: whole(row[5], 1, 65536),
    dim: whole(row[6], 1, MAX_DIM),
    storage,
    uuid: text(row[8]),
    revision: whole(row[9], 0, Number.MAX_SAFE_INTEGER),
    madeBy: text(row[10]),
  };
}

/** Refuses a gallery of another model: similarities between two models mean nothing. */
export function checkModel(info: GalleryInfo, manifest: Manifest): void {
  const { preprocessing } = manifest;
  const same = info.modelSha256 === manifest.sha256 && info.dim === manifest.dim &&
    info.preprocessing.name === preprocessing.name && info.preprocessing.version === preprocessing.version &&
    info.height === manifest.height && info.width === manifest.width;
  if (!same) throw new Refusal("otherModel", `${info.modelFile}, ${manifest.file}`);
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw new Refusal("damagedGallery", "a text is missing");
  return value;
}

export function whole(value: unknown, least: number, most: number): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < least || number > most)
    throw new Refusal("damagedGallery", `the number ${String(value)}`);
  return number;
}

export function blob(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Refusal("damagedGallery", "bytes are missing");
  return value;
}
