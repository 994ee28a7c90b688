/** A gallery in memory, read with SQLite's own build for the web. */
import type { Database, Sqlite3Static } from "@sqlite.org/sqlite-wasm";

import { type DescriptorTable, float16Table, halfOf, int8Table } from "./descriptors.ts";
import type { Engine, LocalFeatures } from "./engine.ts";
import {
  blob, checkMarks, type GalleryInfo, INFO_SQL, LOCAL_FEATURES, readInfo, text, whole,
} from "./gallery_format.ts";
import { Refusal } from "./refusal.ts";
import { VERIFIED_FROM } from "./search.ts";

/** What is known of an item, by language and name; the language is empty where the catalogue names none. */
export type ItemFields = Record<string, Record<string, string>>;

export interface Picture {
  readonly id: number;
  readonly path: string;
  readonly label: string | null;
  readonly width: number;
  readonly height: number;
  readonly item: { readonly name: string; readonly fields: ItemFields } | null;
}

const FEATURE_BYTES = 22;
const MAX_SIDE_PX = 4095;
const ANY = Number.MAX_SAFE_INTEGER;

export class Gallery {
  readonly info: GalleryInfo;
  readonly hasLocalFeatures: boolean;
  /** Certainty from which a hit is an answer. */
  readonly verifiedFrom: number;
  readonly #database: Database;
  readonly #version: number;

  /** Opens a gallery from the bytes of its file, which are copied; refuses what docs/gallery.md refuses. */
  constructor(sqlite: Sqlite3Static, bytes: Uint8Array) {
    this.#version = checkMarks(bytes);
    this.#database = open(sqlite, bytes);
    this.info = readInfo(this.#rows(INFO_SQL));
    const settings = this.#settings();
    const kind = settings.get("local_features") ?? "";
    if (kind !== "" && kind !== LOCAL_FEATURES) throw new Refusal("otherFeatures", kind);
    this.hasLocalFeatures = kind !== "";
    const from = Number(settings.get("verified_from"));
    this.verifiedFrom = from > 0 && from < Infinity ? from : VERIFIED_FROM;
  }

  /** All descriptors, and the picture's id of each row. */
  load(engine: Engine): { ids: number[]; table: DescriptorTable } {
    const { dim, storage } = this.info;
    const count = this.count();
    const length = dim * (storage === "int8" ? 1 : 2);
    const ids: number[] = [];
    const scales = new Float64Array(count);
    const bytes = new Uint8Array(count * length);
    this.#each("SELECT id, scale, descriptor FROM picture ORDER BY id", [], ([id, scale, descriptor]) => {
      const values = blob(descriptor);
      if (values.length !== length || ids.length === count)
        throw new Refusal("damagedGallery", `a descriptor of ${values.length} bytes`);
      if (typeof scale !== "number" || !(scale > 0 && scale < Infinity))
        throw new Refusal("damagedGallery", `the scale ${String(scale)}`);
      bytes.set(values, ids.length * length);
      scales[ids.length] = scale;
      ids.push(whole(id, -ANY, ANY));
    });
    if (storage === "int8") return { ids, table: int8Table(engine, new Int8Array(bytes.buffer), scales) };
    const halves = new Uint16Array(bytes.buffer);
    return { ids, table: float16Table(Float32Array.from(halves, halfOf), scales) };
  }

  count(): number {
    return whole(this.#rows("SELECT count(*) FROM picture")[0]?.[0], 0, ANY);
  }

  /** Local features of a picture; null where it has none. */
  localFeatures(id: number): LocalFeatures | null {
    if (!this.hasLocalFeatures) return null;
    const [row] = this.#rows(
      "SELECT width_px, height_px, features FROM local_features WHERE picture_id = ?", [id]);
    if (row === undefined) return null;
    const features = blob(row[2]);
    if (features.length % FEATURE_BYTES !== 0)
      throw new Refusal("damagedGallery", `local features of ${features.length} bytes`);
    return { width: whole(row[0], 1, MAX_SIDE_PX), height: whole(row[1], 1, MAX_SIDE_PX), features };
  }

  /** A JPEG of a picture for its page, or its thumbnail where there is nothing larger; null for none. */
  jpeg(id: number, large: boolean): Uint8Array | null {
    const tables = large && this.#version >= 2 ? ["page_picture", "thumbnail"] : ["thumbnail"];
    for (const table of tables) {
      const [row] = this.#rows(`SELECT jpeg FROM ${table} WHERE picture_id = ?`, [id]);
      if (row !== undefined) return blob(row[0]);
    }
    return null;
  }

  picture(id: number): Picture | null {
    return this.#pictures("WHERE picture.id = ?", [id])[0] ?? null;
  }

  /** Pictures after the first `skip`, in the order of ids, at most `count`. */
  list(skip: number, count: number): Picture[] {
    return this.#pictures("ORDER BY picture.id LIMIT ? OFFSET ?", [count, skip]);
  }

  close(): void {
    this.#database.close();
  }

  #pictures(where: string, values: readonly number[]): Picture[] {
    const join = this.#version < 2 ? ["NULL, NULL", ""] : ["item.id, item.name",
      "LEFT JOIN item_picture ON item_picture.picture_id = picture.id " +
      "LEFT JOIN item ON item.id = item_picture.item_id"];
    const sql = "SELECT picture.id, path, label, width_px, height_px, " +
      `${join[0]} FROM picture ${join[1]} ${where}`;
    return this.#rows(sql, values).map((row) => ({
      id: whole(row[0], -ANY, ANY),
      path: text(row[1]),
      label: row[2] === null ? null : text(row[2]),
      width: whole(row[3], 1, ANY),
      height: whole(row[4], 1, ANY),
      item: row[5] === null ? null : { name: text(row[6]), fields: this.#fields(whole(row[5], -ANY, ANY)) },
    }));
  }

  #fields(item: number): ItemFields {
    const fields: ItemFields = {};
    const sql = "SELECT language, name, value FROM item_field WHERE item_id = ? ORDER BY language, name";
    for (const [language, name, value] of this.#rows(sql, [item]))
      (fields[text(language)] ??= {})[text(name)] = text(value);
    return fields;
  }

  #settings(): Map<string, string> {
    if (this.#version < 2) return new Map();
    return new Map(this.#rows("SELECT name, value FROM setting").map((row) => [text(row[0]), text(row[1])]));
  }

  #rows(sql: string, values: readonly number[] = []): unknown[][] {
    const rows: unknown[][] = [];
    this.#each(sql, values, (row) => rows.push(row));
    return rows;
  }

  #each(sql: string, values: readonly number[], take: (row: unknown[]) => void): void {
    try {
      this.#database.exec({
        sql, rowMode: "array", callback: (row) => void take(row as unknown[]),
        ...(values.length > 0 && { bind: [...values] }),
      });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal("damagedGallery", error instanceof Error ? error.message : String(error));
    }
  }
}

function open(sqlite: Sqlite3Static, bytes: Uint8Array): Database {
  const { capi, wasm, oo1 } = sqlite;
  const database = new oo1.DB(":memory:");
  const memory = wasm.allocFromTypedArray(bytes);
  const code = capi.sqlite3_deserialize(
    database.pointer!, "main", memory, bytes.length, bytes.length,
    capi.SQLITE_DESERIALIZE_FREEONCLOSE | capi.SQLITE_DESERIALIZE_READONLY);
  if (code !== 0) throw new Refusal("damagedGallery", `SQLite's code ${code}`);
  database.exec("PRAGMA trusted_schema = OFF");
  return database;
}
