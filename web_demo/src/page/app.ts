/** What every screen needs: the worker, the collection, settings, and where the visitor is. */
import { refusalData, type RefusalData } from "../core/refusal.ts";
import { fieldsOf, titleOf } from "../core/items.ts";
import type { Picture } from "../core/gallery.ts";
import { litertBuild } from "../core/site.ts";
import type { Collection } from "../worker/messages.ts";
import type { Client } from "./client.ts";
import { recall, remember } from "./memory.ts";
import { browserLanguage, currentLanguage, LANGUAGES, type Language, setLanguage } from "./texts.ts";

export type Appearance = "automatic" | "light" | "dark";

export interface Settings {
  language: Language;
  appearance: Appearance;
  figures: boolean;
}

/** A screen: its elements, what is called when they are left, and how its tab is named. */
export interface Screen {
  readonly root: HTMLElement;
  readonly leave?: () => void;
}

export class App {
  readonly client: Client;
  readonly settings: Settings;
  collection: Collection | undefined;
  refusal: RefusalData | undefined;
  progress = 0;
  /** A photo that was chosen, for the screen that shows its answer. */
  photo: Blob | undefined;
  #pictures = new Map<string, Promise<string | null>>();

  constructor(client: Client) {
    this.client = client;
    this.settings = readSettings();
    this.applySettings();
  }

  applySettings(): void {
    setLanguage(this.settings.language);
    const { appearance } = this.settings;
    if (appearance === "automatic") delete document.documentElement.dataset["appearance"];
    else document.documentElement.dataset["appearance"] = appearance;
    remember("settings", this.settings);
  }

  title(picture: Picture): string {
    return titleOf(picture, currentLanguage());
  }

  fields(picture: Picture): Record<string, string> {
    return fieldsOf(picture, currentLanguage());
  }

  /** The address of a gallery picture in memory; null where the gallery has none. */
  jpeg(id: number, large: boolean): Promise<string | null> {
    const key = `${id} ${large}`;
    let address = this.#pictures.get(key);
    if (address === undefined) {
      address = this.client.call("jpeg", id, large).then((bytes) =>
        bytes === null ? null : URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
      this.#pictures.set(key, address);
    }
    return address;
  }

  /** Opens the collection; `changed` is called when it is there, and when it cannot be. */
  async open(changed: () => void): Promise<void> {
    try {
      litertBuild(); // Says at once what an old browser lacks.
      this.collection = await this.client.call("open", document.baseURI);
    } catch (error) {
      this.refusal = refusalData(error);
    }
    changed();
  }
}

function readSettings(): Settings {
  const kept = recall<Partial<Settings>>("settings", {});
  const language = LANGUAGES.find((each) => each === kept.language) ?? browserLanguage();
  const appearance = (["light", "dark"] as const).find((each) => each === kept.appearance) ?? "automatic";
  return { language, appearance, figures: kept.figures === true };
}

export function go(place: string): void {
  location.hash = place;
}
