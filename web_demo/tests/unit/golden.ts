/** The repository's golden files, which every language reads (tests/golden/README.md). */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";

import { Engine, type LocalFeatures } from "../../src/core/engine.ts";

const REPOSITORY = new URL("../../../", import.meta.url);

export function golden(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`tests/golden/${path}`, REPOSITORY)));
}

/** Golden files have their own tests; here they are what they say. */
export function goldenJson<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(golden(path))) as T;
}

/** Local features, as the golden files tell of them. */
export interface StoredFeatures {
  readonly file: string;
  readonly size: [width: number, height: number];
}

export type Outline = [x: number, y: number][] | null;

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function engineFile(): string {
  const file = fileURLToPath(new URL("web_demo/public/engine/actnet.wasm", REPOSITORY));
  if (!existsSync(file)) throw new Error(`${file} is missing; run: make web`);
  return file;
}

export async function openEngine(): Promise<Engine> {
  return Engine.open(new Uint8Array(readFileSync(engineFile())));
}

let sqlite: Promise<Sqlite3Static> | undefined;

export function openSqlite(): Promise<Sqlite3Static> {
  sqlite ??= sqlite3InitModule();
  return sqlite;
}

/** Reads local features that are named as seen from a folder of the golden files. */
export function goldenFeatures({ file, size }: StoredFeatures, folder: string): LocalFeatures {
  const path = new URL(file, `file:///${folder}/`).pathname.slice(1);
  return { width: size[0], height: size[1], features: golden(path) };
}
