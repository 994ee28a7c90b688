/** From a photo to an answer: views, descriptors, local features, search, verification. */
import type { DescriptorTable } from "../core/descriptors.ts";
import type { Engine, Point, Verification } from "../core/engine.ts";
import type { Gallery } from "../core/gallery.ts";
import type { RgbPicture } from "../core/picture.ts";
import { resize } from "../core/resize.ts";
import {
  FIRST_SHORTLIST, FIRST_VIEWS, isCertain, SHORTLIST, similarRows, type VerifiedHit, verifiedOrder,
} from "../core/search.ts";
import { type View, viewPictures, VIEWS, workingPicture } from "../core/views.ts";
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

  /** Searches with the first views, and with all of them where these give no certain answer. */
  async recognise(file: Blob | ImageBitmap): Promise<Answer> {
    const stages = new Stopwatch();
    const photo = await decode(file);
    stages.end("decode");
    const working = workingPicture(photo);
    stages.end("views");
    const features = this.#gallery.hasLocalFeatures ? this.#engine.extract(photo) : null;
    stages.end("features");
    if (features === null) {
      const descriptors = await this.#describe(photo, working, VIEWS, stages);
      return this.#answer(this.#ranked(descriptors, null, SHORTLIST, stages), photo, photo, stages);
    }
    const verifier = this.#engine.openPhoto(features);
    const known = new Map<number, Verification | null>();
    const verify = (row: number): Verification | null => {
      if (!known.has(row)) {
        const picture = this.#gallery.localFeatures(this.#ids[row]!);
        known.set(row, picture === null ? null : verifier.verify(picture));
      }
      return known.get(row)!;
    };
    try {
      const first = await this.#describe(photo, working, VIEWS.slice(0, FIRST_VIEWS), stages);
      let hits = this.#ranked(first, verify, FIRST_SHORTLIST, stages);
      if (!isCertain(hits, this.#gallery.verifiedFrom)) {
        const others = await this.#describe(photo, working, VIEWS.slice(FIRST_VIEWS), stages);
        hits = this.#ranked([...first, ...others], verify, SHORTLIST, stages);
      }
      return this.#answer(hits, photo, features, stages);
    } finally {
      verifier.close();
    }
  }

  async #describe(
    photo: RgbPicture, working: RgbPicture, views: readonly View[], stages: Stopwatch,
  ): Promise<Float32Array[]> {
    const { width, height } = this.#model.manifest;
    const pictures = viewPictures(photo, working, views).map((view) => resize(view, width, height));
    stages.end("views");
    const descriptors: Float32Array[] = [];
    for (const picture of pictures) descriptors.push(await this.#model.describe(picture));
    stages.end("describe");
    return descriptors;
  }

  #ranked(
    descriptors: readonly Float32Array[], verify: ((row: number) => Verification | null) | null,
    shortlist: number, stages: Stopwatch,
  ): VerifiedHit[] {
    const similar = similarRows(this.#table, this.#gallery.info.storage, descriptors, SHORTLIST);
    stages.end("search");
    const hits = verifiedOrder(similar, verify, shortlist);
    stages.end("verify");
    return hits;
  }

  #answer(hits: readonly VerifiedHit[], photo: Size, reduced: Size, stages: Stopwatch): Answer {
    const [best] = hits;
    const verified = best !== undefined && best.verification !== null &&
      best.certainty >= this.#gallery.verifiedFrom;
    const candidates = hits.slice(0, CANDIDATES).map((hit) => this.#found(hit, reduced));
    return {
      answer: verified ? candidates[0]! : null, candidates, stages: stages.durations,
      width: photo.width, height: photo.height,
    };
  }

  #found(hit: VerifiedHit, reduced: Size): Found {
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

interface Size {
  readonly width: number;
  readonly height: number;
}

class Stopwatch {
  readonly durations = { decode: 0, views: 0, features: 0, describe: 0, search: 0, verify: 0 };
  #since = performance.now();

  /** Adds the time since the last end to a stage. */
  end(stage: keyof Stages): void {
    const now = performance.now();
    this.durations[stage] += now - this.#since;
    this.#since = now;
  }
}
