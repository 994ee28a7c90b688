/** `site.json`: what `actnet web` wrote, and the hash of each file (mobile_actnet/web/site.py writes it). */
import { Refusal } from "./refusal.ts";

const SCHEMA = 1;

export interface SiteFile {
  readonly sha256: string;
  readonly size_bytes: number;
}

export interface Site {
  readonly title: string;
  /** Names the whole content: another gallery, model or page has another one. */
  readonly version: string;
  readonly model: string;
  readonly gallery: string;
  readonly codes: string;
  /** Every file of the site but this one and the service worker, by path. */
  readonly files: Readonly<Record<string, SiteFile>>;
}

export const SITE_FILE = "site.json";

export function readSite(json: string): Site {
  let told: { schema?: unknown } & Site;
  try {
    told = JSON.parse(json);
  } catch {
    throw new Refusal("noSite", "site.json is not JSON");
  }
  if (told.schema !== SCHEMA) throw new Refusal("noSite", `schema ${String(told.schema)}`);
  for (const part of ["model", "gallery", "codes"] as const)
    if (typeof told[part] !== "string" || told.files?.[told[part]] === undefined)
      throw new Refusal("noSite", part);
  return told;
}

/** The two builds of LiteRT that are shipped: browsers without relaxed SIMD (Safari) run the second. */
export const LITERT = {
  relaxed: "engine/litert_wasm_internal",
  compatible: "engine/litert_wasm_compat_internal",
} as const;

// One function each, that browsers without the feature do not accept.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const RELAXED_SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

/** The build of LiteRT for this browser, without its ending; refuses browsers that can run none. */
export function litertBuild(): string {
  if (typeof WebAssembly === "undefined") throw new Refusal("noWasm");
  if (!WebAssembly.validate(Uint8Array.from(SIMD))) throw new Refusal("noSimd");
  return WebAssembly.validate(Uint8Array.from(RELAXED_SIMD)) ? LITERT.relaxed : LITERT.compatible;
}

/** Files of the other build, which this browser need not keep. */
export function isForOthers(path: string, build: string): boolean {
  return path.startsWith("engine/litert") && !path.startsWith(`${build}.`);
}
