/** What is shown of a picture's item: in the visitor's language, with links that lead nowhere dangerous. */
import type { Picture } from "./gallery.ts";

const LINKS = new Set(["http:", "https:", "mailto:"]);

/** The fields of an item: those of the language, and where it lacks one, those of no or another language. */
export function fieldsOf(picture: Picture, language: string): Record<string, string> {
  const fields = picture.item?.fields ?? {};
  const others = Object.keys(fields).filter((each) => each !== language && each !== "");
  return Object.assign({}, ...others.reverse().map((each) => fields[each]), fields[""], fields[language]);
}

/** What a picture is called: its item's title, its label, or its file's name. */
export function titleOf(picture: Picture, language: string): string {
  const title = fieldsOf(picture, language)["title"];
  const file = picture.path.slice(picture.path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  return title || picture.label || file.replaceAll(/[_-]+/g, " ") || picture.path;
}

/** The address of a link that is http, https or mailto; null for anything else. */
export function safeLink(value: string): URL | null {
  try {
    const url = new URL(value);
    return LINKS.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}
