/** What the page remembers on this device: settings, and what was recognised. A full or closed storage is no error. */

export interface Seen {
  readonly picture: number;
  /** The item's path, so that a rebuilt gallery does not show another thing under an old number. */
  readonly path: string;
  readonly time: number;
}

const MOST_SEEN = 100;

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`actnet.${key}`, JSON.stringify(value));
  } catch {
    // Private windows and full disks keep nothing.
  }
}

export function recall<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`actnet.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

/** Puts what was seen to the front; each thing once. */
export function noteSeen(seen: Seen): void {
  const others = recallSeen().filter(({ path }) => path !== seen.path);
  remember("seen", [seen, ...others].slice(0, MOST_SEEN));
}

export function recallSeen(): Seen[] {
  const kept = recall<unknown>("seen", []);
  if (!Array.isArray(kept)) return [];
  return kept.filter((each): each is Seen =>
    Number.isInteger(each?.picture) && typeof each.path === "string" && typeof each.time === "number");
}
