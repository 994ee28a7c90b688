/** The manifest beside the model (docs/manifest.md), as far as the page needs it. */
import { PREPROCESSING } from "./resize.ts";
import { Refusal } from "./refusal.ts";

export interface Manifest {
  readonly file: string;
  readonly precision: string;
  readonly sha256: string;
  readonly preprocessing: { readonly name: string; readonly version: number };
  readonly width: number;
  readonly height: number;
  readonly dim: number;
  /** What the model gave for the golden picture, and the least cosine with it; null in old manifests. */
  readonly golden: { readonly descriptor: Float32Array; readonly leastCosine: number } | null;
}

const OLD_LEAST_COSINE = 0.999;

/** Reads a manifest; refuses one of another schema, format, input or preprocessing than this page has. */
export function readManifest(json: string): Manifest {
  const told = parse(json);
  const artefact = part(told, "artefact");
  const steps = part(told, "preprocessing");
  const [input, output] = [part(told, "input"), part(told, "output")];
  const manifest: Manifest = {
    file: String(artefact["file"]),
    precision: String(told["precision"]),
    sha256: String(artefact["sha256"]),
    preprocessing: { name: String(steps["name"]), version: Number(steps["version"]) },
    width: side(steps["width"]),
    height: side(steps["height"]),
    dim: side(output["dim"]),
    golden: golden(told["golden"]),
  };
  const { name, version } = manifest.preprocessing;
  if (told["schema"] !== 1) throw new Refusal("damagedModel", `schema ${String(told["schema"])}`);
  if (told["format"] !== "tflite") throw new Refusal("damagedModel", `format ${String(told["format"])}`);
  if (input["dtype"] !== "uint8" || input["layout"] !== "nhwc")
    throw new Refusal("damagedModel", `input ${String(input["dtype"])} ${String(input["layout"])}`);
  if (name !== PREPROCESSING.name || version !== PREPROCESSING.version)
    throw new Refusal("damagedModel", `preprocessing ${name} ${version}`);
  return manifest;
}

/** Holds the model's bytes against its manifest. */
export async function checkArtefact(manifest: Manifest, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  // Pages of an insecure address have no crypto.subtle, and no camera either.
  if (!globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== manifest.sha256) throw new Refusal("damagedModel", `${manifest.file}: sha256 ${hex}`);
}

/** Refuses a model that computes something else here than where it was made. */
export function selfTest(manifest: Manifest, descriptor: Float32Array): void {
  if (descriptor.length !== manifest.dim) throw new Refusal("selfTest", `${descriptor.length} values`);
  if (manifest.golden === null) return;
  const { descriptor: expected, leastCosine } = manifest.golden;
  const sum = (one: Float32Array, other: Float32Array) =>
    one.reduce((total, value, k) => total + value * other[k]!, 0);
  const cosine = sum(expected, descriptor) /
    Math.sqrt(sum(expected, expected) * sum(descriptor, descriptor));
  if (!(cosine >= leastCosine)) throw new Refusal("selfTest", `cosine ${cosine}`);
}

type Fields = Record<string, unknown>;

function parse(json: string): Fields {
  try {
    return fields(JSON.parse(json));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("damagedModel", "the manifest is not JSON");
  }
}

function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refusal("damagedModel", "the manifest lacks a part");
  return value as Fields;
}

function part(told: Fields, name: string): Fields {
  return fields(told[name]);
}

function side(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 65536)
    throw new Refusal("damagedModel", `the number ${String(value)}`);
  return value;
}

function golden(value: unknown): Manifest["golden"] {
  if (value === undefined || value === null) return null;
  const { descriptor, cosine_min } = fields(value);
  if (!Array.isArray(descriptor) || !descriptor.every((each) => typeof each === "number"))
    throw new Refusal("damagedModel", "the golden descriptor");
  const leastCosine = typeof cosine_min === "number" ? cosine_min : OLD_LEAST_COSINE;
  return { descriptor: Float32Array.from(descriptor as number[]), leastCosine };
}
