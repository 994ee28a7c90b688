/** Galleries: the rankings and answers of the golden files, and what must be refused. */
import { describe, expect, test } from "vitest";

import { encode, type Storage } from "../../src/core/descriptors.ts";
import { Gallery } from "../../src/core/gallery.ts";
import { checkModel } from "../../src/core/gallery_format.ts";
import type { Manifest } from "../../src/core/manifest.ts";
import { Refusal, type RefusalKind } from "../../src/core/refusal.ts";
import { similarRows, verifiedOrder } from "../../src/core/search.ts";
import {
  golden, goldenFeatures, goldenJson, openEngine, openSqlite, type Outline, type StoredFeatures,
} from "./golden.ts";

interface Ranked {
  readonly id: number;
  readonly path: string;
  readonly similarity: number;
}

interface Galleries {
  readonly queries: number[][];
  readonly model: Record<"model_file" | "model_precision" | "model_sha256" | "preprocessing_name", string> &
    Record<"preprocessing_version" | "width_px" | "height_px" | "dim", number>;
  readonly galleries: {
    file: string; storage: Storage; query_values: number[][]; query_scales: number[]; rankings: Ranked[][];
  }[];
  readonly refused: { file: string; rule: number }[];
}

interface GoldenHit {
  readonly id: number;
  readonly similarity: number;
  readonly inliers: number | null;
  readonly verified: boolean | null;
  readonly outline: Outline;
}

interface Answers {
  readonly verified_from: number;
  readonly shortlist: number;
  readonly items: Record<string, object>;
  readonly answers: { photo: StoredFeatures; views: number[][]; hits: GoldenHit[] }[];
}

const index = goldenJson<Galleries>("gallery/index.json");
const answers = goldenJson<Answers>("answers/index.json");
const sqlite = await openSqlite();
const engine = await openEngine();

const KINDS: Record<number, RefusalKind[]> = {
  1: ["notAGallery"], 2: ["notAGallery", "noGallery"], 3: ["otherVersion"], 4: ["damagedGallery"],
  5: ["damagedGallery"], 6: ["otherModel"],
};

const MANIFEST: Manifest = {
  file: index.model.model_file, precision: index.model.model_precision, sha256: index.model.model_sha256,
  preprocessing: { name: index.model.preprocessing_name, version: index.model.preprocessing_version },
  width: index.model.width_px, height: index.model.height_px, dim: index.model.dim, golden: null,
};

describe.each(index.galleries)("the gallery $file", ({ file, storage, query_values, query_scales, rankings }) => {
  const gallery = new Gallery(sqlite, golden(`gallery/${file}`));
  const { ids, table } = gallery.load(engine);

  test.each(index.queries.map((query, k) => ({ query, k })))("query $k", ({ query, k }) => {
    const ranking = rankings[k]!;
    const stored = encode(Float32Array.from(query), storage);
    expect(Array.from(stored.values)).toEqual(query_values[k]!);
    expect(stored.scale).toBeCloseTo(query_scales[k]!, 12);
    const hits = similarRows(table, storage, [Float32Array.from(query)], ranking.length);
    expect(hits.map(({ row }) => ids[row])).toEqual(ranking.map((hit) => hit.id));
    hits.forEach(({ row, similarity }, place) => {
      expect(similarity).toBeCloseTo(ranking[place]!.similarity, storage === "int8" ? 12 : 5);
      expect(gallery.picture(ids[row]!)!.path).toBe(ranking[place]!.path);
    });
  });

  test("a model that fits is taken", () => checkModel(gallery.info, MANIFEST));
});

test.each(index.refused)("$file is refused", ({ file, rule }) => {
  const opened = () => {
    const gallery = new Gallery(sqlite, golden(`gallery/refused/${file}`));
    gallery.load(engine);
    checkModel(gallery.info, MANIFEST);
  };
  expect(opened).toThrow(Refusal);
  try {
    opened();
  } catch (error) {
    expect(KINDS[rule]).toContain((error as Refusal).kind);
  }
});

describe("answers", () => {
  const gallery = new Gallery(sqlite, golden("answers/gallery.sqlite"));
  const { ids, table } = gallery.load(engine);

  test("what the gallery was calibrated to", () => expect(gallery.verifiedFrom).toBe(answers.verified_from));

  test.each(answers.answers.map((answer, k) => ({ ...answer, k })))("photo $k", ({ photo, views, hits }) => {
    const verifier = engine.openPhoto(goldenFeatures(photo, "answers"));
    const similar = similarRows(
      table, gallery.info.storage, views.map((view) => Float32Array.from(view)), hits.length);
    const ordered = verifiedOrder(similar, (row) => {
      const features = gallery.localFeatures(ids[row]!);
      return features === null ? null : verifier.verify(features);
    }, answers.shortlist);
    verifier.close();
    expect(ordered.map(({ row }) => ids[row])).toEqual(hits.map((hit) => hit.id));
    ordered.forEach((hit, place) => {
      const expected = hits[place]!;
      expect(hit.similarity).toBeCloseTo(expected.similarity, 5);
      expect(hit.verification?.inliers ?? null).toBe(expected.inliers);
      if (expected.verified !== null)
        expect(hit.certainty >= gallery.verifiedFrom).toBe(expected.verified);
      expect(hit.verification?.outline?.length ?? 0).toBe(expected.outline?.length ?? 0);
      hit.verification?.outline?.forEach((corner, k) => corner.forEach((at, axis) =>
        expect(Math.abs(at - expected.outline![k]![axis]!)).toBeLessThanOrEqual(0.5)));
    });
  });

  test.each(Object.entries(answers.items))("the item of picture %s", (id, item) => {
    expect(gallery.picture(Number(id))!.item).toEqual(item);
  });
});

// Inliers of what looks much less alike may be of the ground that both things were photographed on.
test.each([[0.69, 0.5, true], [0.69, 0.48, false], [0.7, 0.68, true], [0.7, 0.66, false]])(
  "of %d and %d the second rises: %s", (first, second, rises) => {
    const hits = [{ row: 0, similarity: first }, { row: 1, similarity: second }];
    const ordered = verifiedOrder(hits, (row) => ({ inliers: 25 * row, outline: null }));
    expect(ordered.map(({ row }) => row)).toEqual(rises ? [1, 0] : [0, 1]);
  });
