/** From a photo to an answer: views, descriptors, local features, search, verification. */
import type { DescriptorTable } from "../core/descriptors.ts";
import type { Engine, LocalFeatures, Point } from "../core/engine.ts";
import type { Gallery } from "../core/gallery.ts";
import type { RgbPicture } from "../core/picture.ts";
import { resize } from "../core/resize.ts";
import { SHORTLIST, similarRows, type VerifiedHit, verifiedOrder } from "../core/search.ts";
import { viewPictures, workingPicture } from "../core/views.ts";
import { decode } from "./decode.ts";
import type { Answer, Found, Stages } from "./messages.ts";
import type { Model } from "./model.ts";

const CANDIDATES = 6;

export class Recogniser {
  readonly #model: Model;
  readonly #engine: Engine;
  readonly #gallery: Gallery;
  readonly #ids: readonly number[];
  readonly #table: DescriptorTable;

  constructor(model: Model, engine: Engine, gallery: Gallery) {
    this.#model = model;
    this.#engine = engine;
    this.#gallery = gallery;
    const { ids, table } = gallery.load(engine);
    this.#ids = ids;
    this.#table = table;
  }

  async recognise(file: Blob | ImageBitmap): Promise<Answer> {
    const stages = new Stopwatch();
    const photo = await decode(file);
    stages.end("decode");
    const { width, height } = this.#model.manifest;
    const views = viewPictures(photo, workingPicture(photo)).map((view) => resize(view, width, height));
    stages.end("views");
    const descriptors: Float32Array[] = [];
    for (const view of views) descriptors.push(await this.#model.describe(view));
    stages.end("describe");
    const features = this.#gallery.hasLocalFeatures ? this.#engine.extract(photo) : null;
    stages.end("features");
    const similar = similarRows(this.#table, this.#gallery.info.storage, descriptors, SHORTLIST);
    stages.end("search");
    const hits = this.#verified(similar, features);
    stages.end("verify");
    return this.#answer(hits, photo, features, stages.durations as unknown as Stages);
  }

  #verified(similar: ReturnType<typeof similarRows>, features: LocalFeatures | null): VerifiedHit[] {
    if (features === null) return verifiedOrder(similar, null);
    const photo = this.#engine.openPhoto(features);
    try {
      return verifiedOrder(similar, (row) => {
        const picture = this.#gallery.localFeatures(this.#ids[row]!);
        return picture === null ? null : photo.verify(picture);
      });
    } finally {
      photo.close();
    }
  }

  #answer(hits: VerifiedHit[], photo: RgbPicture, features: LocalFeatures | null, stages: Stages): Answer {
    const best = hits.slice(0, CANDIDATES);
    const answer = best.find((hit) => hit.verification !== null && hit.certainty >= this.#gallery.verifiedFrom);
    const found = (hit: VerifiedHit) => this.#found(hit, features ?? photo);
    const { width, height } = photo;
    return { answer: answer === undefined ? null : found(answer), candidates: best.map(found), stages, width, height };
  }

  #found(hit: VerifiedHit, reduced: { width: number; height: number }): Found {
    const { outline, inliers } = hit.verification ?? { outline: null, inliers: null };
    const share = ([x, y]: Point): Point => [x / reduced.width, y / reduced.height];
    return {
      picture: this.#gallery.picture(this.#ids[hit.row]!)!,
      similarity: hit.similarity,
      inliers,
      certainty: hit.certainty,
      outline: outline?.map(share) ?? null,
    };
  }
}

class Stopwatch {
  readonly durations: Record<string, number> = {};
  #since = performance.now();

  end(stage: keyof Stages): void {
    const now = performance.now();
    this.durations[stage] = now - this.#since;
    this.#since = now;
  }
}
