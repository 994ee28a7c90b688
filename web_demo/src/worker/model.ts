/** The network: LiteRT in WebAssembly, one thread. */
import { type CompiledModel, loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

import { goldenPicture, type RgbPicture } from "../core/picture.ts";
import { checkArtefact, type Manifest, selfTest } from "../core/manifest.ts";
import { Refusal } from "../core/refusal.ts";

export class Model {
  readonly manifest: Manifest;
  readonly #compiled: CompiledModel;

  private constructor(manifest: Manifest, compiled: CompiledModel) {
    this.manifest = manifest;
    this.#compiled = compiled;
  }

  /** Loads a model that fits its manifest and computes what it did where it was made; `engine` is LiteRT's script. */
  static async open(engine: string, manifest: Manifest, bytes: Uint8Array<ArrayBuffer>): Promise<Model> {
    await checkArtefact(manifest, bytes);
    await startLiteRt(engine);
    let compiled: CompiledModel;
    try {
      compiled = await loadAndCompile(bytes, { accelerator: "wasm" });
    } catch (error) {
      throw new Refusal("damagedModel", error instanceof Error ? error.message : String(error));
    }
    const model = new Model(manifest, compiled);
    selfTest(manifest, await model.describe(goldenPicture(manifest.width, manifest.height)));
    return model;
  }

  /** Describes a picture of the model's size: (D), of length 1. */
  async describe(picture: RgbPicture): Promise<Float32Array<ArrayBuffer>> {
    const input = new Tensor(picture.bytes, [1, picture.height, picture.width, 3]);
    const outputs = await this.#compiled.run(input);
    const output = outputs[0]!;
    const descriptor = Float32Array.from(await output.data());
    input.delete();
    output.delete();
    return descriptor;
  }
}

async function startLiteRt(script: string): Promise<void> {
  // The script looks for its engine beside the worker, and its log is an error to browsers.
  const locateFile = (name: string) => new URL(name, script).href;
  Object.assign(self, { Module: { locateFile, print: () => {}, printErr: () => {} } });
  // It asks for a graphics device, which is not used here, and complains where there is none.
  Object.defineProperty(navigator, "gpu", { value: undefined, configurable: true });
  const { warn } = console;
  console.warn = () => {};
  try {
    await loadLiteRt(script, { threads: false });
  } finally {
    console.warn = warn;
  }
}
