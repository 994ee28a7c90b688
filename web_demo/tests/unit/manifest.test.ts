/** Manifests and models: what is taken, and what is refused. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";

import { checkArtefact, readManifest, selfTest } from "../../src/core/manifest.ts";
import { LITERT, litertBuild, readSite } from "../../src/core/site.ts";

const TOLD = {
  schema: 1, name: "m", format: "tflite", precision: "int8",
  artefact: { file: "m.tflite", sha256: createHash("sha256").update("model").digest("hex"), size_bytes: 5 },
  input: { dtype: "uint8", layout: "nhwc" },
  preprocessing: { name: "pillow-bilinear", version: 1, height: 4, width: 6 },
  output: { dim: 2 },
  golden: { picture: "xor-1", descriptor: [0.6, 0.8], cosine_min: 0.95 },
};

const read = (changes: object) => readManifest(JSON.stringify({ ...TOLD, ...changes }));

describe("a manifest", () => {
  test("says what the page needs", () => {
    const manifest = read({});
    expect([manifest.width, manifest.height, manifest.dim]).toEqual([6, 4, 2]);
    expect(manifest.golden!.leastCosine).toBe(0.95);
    expect(read({ golden: { descriptor: [1, 0] } }).golden!.leastCosine).toBe(0.999);
  });

  test.each([
    ["another schema", { schema: 2 }, "schema 2"],
    ["another format", { format: "onnx" }, "format onnx"],
    ["another input", { input: { dtype: "float32", layout: "nchw" } }, "float32"],
    ["another preprocessing", { preprocessing: { ...TOLD.preprocessing, version: 2 } }, "preprocessing pillow-bilinear 2"],
    ["no size", { preprocessing: { ...TOLD.preprocessing, width: 0 } }, "the number 0"],
    ["no output", { output: null }, "lacks a part"],
    ["a golden descriptor of texts", { golden: { descriptor: ["a"] } }, "golden"],
  ])("of %s is refused", (_, changes, words) => expect(() => read(changes)).toThrow(words));

  test("that is no JSON is refused", () => expect(() => readManifest("{")).toThrow("not JSON"));
});

describe("a model", () => {
  test("that is not its manifest's is refused", async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    await checkArtefact(read({}), bytes("model"));
    await expect(checkArtefact(read({}), bytes("other"))).rejects.toThrow("sha256");
  });

  test.each([
    [[0.6, 0.8], true], [[0.7, 0.71], true], [[0.8, -0.6], false], [[NaN, 0.8], false], [[0.6, 0.8, 0], false],
  ])("that gives %s for the golden picture", (descriptor, passes) => {
    const check = () => selfTest(read({}), Float32Array.from(descriptor));
    if (passes) check();
    else expect(check).toThrow("selfTest");
  });
});

describe("a site", () => {
  const listed = { schema: 1, title: "t", version: "v", model: "m", gallery: "g", codes: "c", files: { m: {}, g: {}, c: {} } };

  test("lists its parts", () => expect(readSite(JSON.stringify(listed)).title).toBe("t"));

  test.each([
    [{ ...listed, schema: 2 }, "schema 2"], [{ ...listed, model: "x" }, "model"], [{ ...listed, files: undefined }, "model"],
  ])("that is not whole is refused", (told, words) => expect(() => readSite(JSON.stringify(told))).toThrow(words));

  // Which one depends on Node's age; the page's tests run both.
  test("has a build of LiteRT for this engine", () => expect(Object.values(LITERT)).toContain(litertBuild()));
});
