/** What page and worker say to each other. */
import type { Point } from "../core/engine.ts";
import type { Picture } from "../core/gallery.ts";
import type { RefusalData } from "../core/refusal.ts";

/** What the page shows of the collection once it is open. */
export interface Collection {
  readonly title: string;
  readonly count: number;
  readonly revision: number;
  readonly madeBy: string;
  /** Whether photos are compared with pictures, so that "not in the collection" can be said. */
  readonly verifies: boolean;
  readonly verifiedFrom: number;
  readonly model: string;
  readonly engine: string;
  readonly openedInMs: number;
}

/** A picture that was found. `outline` has its corners in the photo, as shares of its width and height. */
export interface Found {
  readonly picture: Picture;
  readonly similarity: number;
  readonly inliers: number | null;
  readonly certainty: number;
  readonly outline: readonly Point[] | null;
}

/** Durations in milliseconds, for the developer's figures. */
export interface Stages {
  readonly decode: number;
  readonly views: number;
  readonly features: number;
  readonly describe: number;
  readonly search: number;
  readonly verify: number;
}

export interface Answer {
  /** The verified picture; null for "not in the collection", or where nothing is verified. */
  readonly answer: Found | null;
  /** What is most alike, best first. */
  readonly candidates: readonly Found[];
  readonly stages: Stages;
  /** Of the upright photo. */
  readonly width: number;
  readonly height: number;
}

/** `durations` has the milliseconds of each run. */
export interface Described {
  readonly descriptor: Float32Array;
  readonly durations: readonly number[];
}

export interface Calls {
  open(base: string): Collection;
  recognise(photo: Blob | ImageBitmap): Answer;
  /** For tests and measurements: RGB bytes of the model's size are described `runs` times. */
  describe(bytes: Uint8Array<ArrayBuffer>, runs: number): Described;
  picture(id: number): Picture | null;
  jpeg(id: number, large: boolean): Uint8Array<ArrayBuffer> | null;
  list(skip: number, count: number): Picture[];
}

export type CallName = keyof Calls;

export interface Request {
  readonly number: number;
  readonly call: CallName;
  readonly values: readonly unknown[];
}

export type Reply =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly refusal: RefusalData }
  | { readonly progress: number };
