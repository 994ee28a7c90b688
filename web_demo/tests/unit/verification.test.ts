/** The shared engine in WebAssembly gives what it gives everywhere, on the golden pairs. */
import { describe, expect, test } from "vitest";

import { golden, goldenFeatures, goldenJson, openEngine, type Outline, type StoredFeatures } from "./golden.ts";

interface Pair {
  readonly name: string;
  readonly picture: StoredFeatures;
  readonly photo: StoredFeatures;
  readonly inliers: number;
  readonly outline: Outline;
}

const index = goldenJson<{ tolerance_px: number; pairs: Pair[] }>("verification/index.json");
const engine = await openEngine();

describe("verification", () => {
  test.each(index.pairs)("$name", ({ picture, photo, inliers, outline }) => {
    const verifier = engine.openPhoto(goldenFeatures(photo, "verification"));
    const result = verifier.verify(goldenFeatures(picture, "verification"));
    verifier.close();
    expect(result.inliers).toBe(inliers);
    if (outline === null) return expect(result.outline).toBeNull();
    result.outline!.forEach((corner, k) => corner.forEach((place, axis) =>
      expect(Math.abs(place - outline[k]![axis]!)).toBeLessThanOrEqual(index.tolerance_px)));
  });

  test("features of another length are refused", () => {
    const photo = engine.openPhoto({ width: 9, height: 9, features: new Uint8Array(0) });
    expect(() => photo.verify({ width: 9, height: 9, features: golden("README.md").subarray(0, 21) }))
      .toThrow("21 bytes");
    photo.close();
  });
});
