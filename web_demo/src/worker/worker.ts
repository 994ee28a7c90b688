/** The worker: owns model, gallery and engine, and answers one call after another. */
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

import { Engine } from "../core/engine.ts";
import { Gallery } from "../core/gallery.ts";
import { checkModel } from "../core/gallery_format.ts";
import { readManifest } from "../core/manifest.ts";
import { Refusal, refusalData } from "../core/refusal.ts";
import { litertBuild } from "../core/site.ts";
import { Downloads, fetchSite } from "./downloads.ts";
import type { Answer, Collection, Described, Reply, Request } from "./messages.ts";
import { Model } from "./model.ts";
import { Recogniser } from "./recogniser.ts";

let gallery: Gallery | undefined;
let model: Model | undefined;
let recogniser: Recogniser | undefined;

const calls = {
  open,
  recognise: (photo: Blob | ImageBitmap): Promise<Answer> => opened(recogniser).recognise(photo),
  describe,
  picture: (id: number) => opened(gallery).picture(id),
  jpeg: (id: number, large: boolean) => opened(gallery).jpeg(id, large),
  list: (skip: number, count: number) => opened(gallery).list(skip, count),
};

async function open(base: string): Promise<Collection> {
  const started = performance.now();
  const build = litertBuild();
  const site = await fetchSite(base);
  const manifestFile = `${site.model}.json`;
  const paths = ["engine/actnet.wasm", "engine/sqlite3.wasm", manifestFile, site.model, site.codes, site.gallery];
  const downloads = new Downloads(base, site, paths, (progress) => post({ progress }));
  const [engineBytes, sqliteBytes, manifestBytes, modelBytes, codes, galleryBytes] =
    await Promise.all(paths.map((path) => downloads.bytes(path)));
  const manifest = readManifest(new TextDecoder().decode(manifestBytes));
  const engine = await Engine.open(engineBytes!);
  engine.openCodes(codes!);
  const sqlite = await openSqlite(sqliteBytes!);
  gallery = new Gallery(sqlite, galleryBytes!);
  checkModel(gallery.info, manifest);
  model = await Model.open(new URL(`${build}.js`, base).href, manifest, modelBytes!);
  recogniser = new Recogniser(model, engine, gallery);
  return {
    title: site.title, count: gallery.count(), revision: gallery.info.revision, madeBy: gallery.info.madeBy,
    verifies: gallery.hasLocalFeatures, verifiedFrom: gallery.verifiedFrom,
    model: `${manifest.file} (${manifest.precision})`, engine: build, openedInMs: performance.now() - started,
  };
}

async function describe(bytes: Uint8Array<ArrayBuffer>, runs: number): Promise<Described> {
  const { width, height } = opened(model).manifest;
  const durations: number[] = [];
  let descriptor = new Float32Array();
  for (let run = 0; run < runs; run++) {
    const since = performance.now();
    descriptor = await opened(model).describe({ width, height, bytes });
    durations.push(performance.now() - since);
  }
  return { descriptor, durations };
}

// The gallery lies in memory: SQLite need not look for places to store files, and start workers for that.
const WITHOUT_STORES = { disable: { vfs: { opfs: true, "opfs-vfs": true, "opfs-wl": true, "opfs-sahpool": true, kvvfs: true } } };

function openSqlite(wasmBinary: Uint8Array): ReturnType<typeof sqlite3InitModule> {
  Object.assign(self, { sqlite3ApiConfig: WITHOUT_STORES });
  const options = { wasmBinary, print: () => {}, printErr: () => {} };
  return (sqlite3InitModule as (given: typeof options) => ReturnType<typeof sqlite3InitModule>)(options);
}

function opened<T>(part: T | undefined): T {
  if (part === undefined) throw new Refusal("unexpected", "the collection is not open yet");
  return part;
}

function post(reply: Reply): void {
  self.postMessage(reply);
}

self.onmessage = async ({ data: { number, call, values } }: MessageEvent<Request>) => {
  try {
    const result = await (calls[call] as (...given: unknown[]) => unknown)(...values);
    post({ number, result });
  } catch (error) {
    post({ number, refusal: refusalData(error) });
  }
};
