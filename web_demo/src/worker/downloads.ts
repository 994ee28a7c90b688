/** Fetching the site's files, with progress over all of them. */
import { Refusal } from "../core/refusal.ts";
import { readSite, type Site, SITE_FILE } from "../core/site.ts";

export async function fetchSite(base: string): Promise<Site> {
  const response = await get(new URL(SITE_FILE, base));
  return readSite(await response.text());
}

export class Downloads {
  readonly #base: string;
  readonly #tell: (share: number) => void;
  readonly #expected: number;
  #received = 0;

  /** `paths` are what will be fetched; `tell` hears shares from 0 to 1. */
  constructor(base: string, site: Site, paths: readonly string[], tell: (share: number) => void) {
    this.#base = base;
    this.#tell = tell;
    this.#expected = paths.reduce((sum, path) => sum + (site.files[path]?.size_bytes ?? 0), 0);
  }

  async bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const response = await get(new URL(path, this.#base));
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      const reader = response.body!.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        length += part.value.length;
        this.#received += part.value.length;
        this.#tell(Math.min(1, this.#received / this.#expected));
      }
    } catch {
      throw new Refusal("download", path);
    }
    const bytes = new Uint8Array(length);
    let place = 0;
    for (const part of parts) {
      bytes.set(part, place);
      place += part.length;
    }
    return bytes;
  }
}

async function get(url: URL): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Refusal("download", url.pathname);
  }
  if (!response.ok) throw new Refusal("download", `${url.pathname}: ${response.status}`);
  return response;
}
