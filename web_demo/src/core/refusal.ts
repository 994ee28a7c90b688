/** Why the page cannot do what was asked; each has a sentence in every language of strings.ts. */

export type RefusalKind =
  | "noGallery" | "notAGallery" | "otherVersion" | "damagedGallery" | "otherModel" | "otherFeatures"
  | "noSite" | "download" | "damagedModel" | "selfTest" | "noWasm" | "noSimd" | "openedAsFile"
  | "unreadablePhoto" | "truncatedPhoto" | "tooLargePhoto" | "cameraRefused" | "noCamera" | "cameraBusy" | "insecure"
  | "outOfMemory" | "unexpected";

/** `detail` says what came: a name, a number, what a library said. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: RefusalKind;
  readonly detail: string;

  constructor(kind: RefusalKind, detail = "") {
    super(detail ? `${kind}: ${detail}` : kind);
    this.kind = kind;
    this.detail = detail;
  }
}

/** What stands for an error between worker and page: class instances do not survive the way. */
export interface RefusalData {
  readonly kind: RefusalKind;
  readonly detail: string;
}

export function refusalData(error: unknown): RefusalData {
  if (error instanceof Refusal) return { kind: error.kind, detail: error.detail };
  if (error instanceof RangeError && /memory|allocation/i.test(error.message))
    return { kind: "outOfMemory", detail: error.message };
  return { kind: "unexpected", detail: error instanceof Error ? error.message : String(error) };
}
