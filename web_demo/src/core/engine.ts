/** The shared C engine in WebAssembly (native/actnet_web.c): verification, and the scan of descriptors. */
import type { RgbPicture } from "./picture.ts";
import { Refusal } from "./refusal.ts";

/** What a gallery keeps of a picture, or a photo gives: 22 bytes a feature (docs/verification.md). */
export interface LocalFeatures {
  /** Of the reduced picture. */
  readonly width: number;
  readonly height: number;
  readonly features: Uint8Array;
}

export type Point = readonly [x: number, y: number];

/** `outline` has the picture's corners in the reduced photo, in pixels, from its top left clockwise. */
export interface Verification {
  readonly inliers: number;
  readonly outline: readonly Point[] | null;
}

export const NOT_FOUND: Verification = { inliers: 0, outline: null };

interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  web_reserve(bytes: number): number;
  web_release(address: number): void;
  web_error(): number;
  web_photo_open(width: number, height: number, features: number, bytes: number): number;
  web_photo_close(photo: number): void;
  web_verify(
    photo: number, width: number, height: number, features: number, bytes: number, result: number,
  ): number;
  web_codes_open(codes: number, bytes: number): number;
  web_extract(codes: number, width: number, height: number, rgb: number, rgbBytes: number, result: number): number;
  web_products(query: number, rows: number, count: number, dim: number, products: number): void;
}

const EXTRACTED_BYTES = 16;
const RESULT_BYTES = 72;
const CORNERS = 4;

export class Engine {
  readonly #exports: Exports;
  #codes = 0;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  static async open(module: BufferSource | WebAssembly.Module): Promise<Engine> {
    const compiled = module instanceof WebAssembly.Module ? module : await WebAssembly.compile(module);
    const instance = await WebAssembly.instantiate(compiled, {});
    const exports = instance.exports as unknown as Exports;
    exports._initialize();
    return new Engine(exports);
  }

  /** Copies bytes into the engine's memory; `release` gives the place back. */
  store(bytes: Uint8Array | Int8Array): number {
    const address = this.reserve(bytes.length);
    new Uint8Array(this.#exports.memory.buffer, address, bytes.length).set(
      new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
    return address;
  }

  reserve(bytes: number): number {
    const address = this.#exports.web_reserve(bytes);
    if (address === 0) throw new Refusal("outOfMemory", `${bytes} bytes`);
    return address;
  }

  release(address: number): void {
    this.#exports.web_release(address);
  }

  /** A view that lasts until memory grows: copy what must stay. */
  view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, address, bytes);
  }

  /** Whole-number inner products of a descriptor (D) with the `count` rows at `rows`, in an address. */
  products(query: Int8Array, rows: number, count: number, products: number): Int32Array {
    const address = this.store(query);
    this.#exports.web_products(address, rows, count, query.length, products);
    this.release(address);
    return new Int32Array(this.#exports.memory.buffer, products, count);
  }

  /** Reads the learned projection of local codes: the bytes of local_codes.safetensors. */
  openCodes(safetensors: Uint8Array): void {
    const address = this.store(safetensors);
    this.#codes = this.#exports.web_codes_open(address, safetensors.length);
    this.release(address);
    if (this.#codes === 0) throw new Refusal("download", this.#sentence());
  }

  /** Takes local features from an upright photo. */
  extract(photo: RgbPicture): LocalFeatures {
    const rgb = this.store(photo.bytes);
    const result = this.reserve(EXTRACTED_BYTES);
    try {
      const code = this.#exports.web_extract(
        this.#codes, photo.width, photo.height, rgb, photo.bytes.length, result);
      if (code !== 0) throw new Refusal("unexpected", this.#sentence());
      const [width, height, place, bytes] = new Int32Array(this.#exports.memory.buffer, result, 4);
      return { width: width!, height: height!, features: this.view(place!, bytes!).slice() };
    } finally {
      this.release(rgb);
      this.release(result);
    }
  }

  /** Prepares a photo for comparisons; close it. */
  openPhoto(photo: LocalFeatures): PhotoVerifier {
    const address = this.store(photo.features);
    const opened = this.#exports.web_photo_open(photo.width, photo.height, address, photo.features.length);
    this.release(address);
    if (opened === 0) throw new Refusal("unexpected", this.#sentence());
    return new PhotoVerifier(this, this.#exports, opened, () => this.#sentence());
  }

  #sentence(): string {
    const bytes = new Uint8Array(this.#exports.memory.buffer, this.#exports.web_error(), 512);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

/** One photo, held against gallery pictures. */
export class PhotoVerifier {
  readonly #engine: Engine;
  readonly #exports: Exports;
  readonly #photo: number;
  readonly #result: number;
  readonly #sentence: () => string;

  constructor(engine: Engine, exports: Exports, photo: number, sentence: () => string) {
    this.#engine = engine;
    this.#exports = exports;
    this.#photo = photo;
    this.#result = engine.reserve(RESULT_BYTES);
    this.#sentence = sentence;
  }

  verify(picture: LocalFeatures): Verification {
    const { width, height, features } = picture;
    const address = this.#engine.store(features);
    const code = this.#exports.web_verify(
      this.#photo, width, height, address, features.length, this.#result);
    this.#engine.release(address);
    if (code !== 0) throw new Refusal("damagedGallery", this.#sentence());
    const result = new DataView(this.#exports.memory.buffer, this.#result, RESULT_BYTES);
    const corner = (k: number) => result.getFloat64(8 + 8 * k, true);
    return {
      inliers: result.getInt32(0, true),
      outline: result.getInt32(4, true) === 0 ? null
        : Array.from({ length: CORNERS }, (_, k) => [corner(2 * k), corner(2 * k + 1)] as const),
    };
  }

  close(): void {
    this.#engine.release(this.#result);
    this.#exports.web_photo_close(this.#photo);
  }
}
