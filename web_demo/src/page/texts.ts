/** Sentences of the page, in the visitor's language. */
import type { RefusalData } from "../core/refusal.ts";
import strings from "./strings.json";

export type Language = keyof typeof strings;
export type Key = keyof (typeof strings)["en"];

export const LANGUAGES = Object.keys(strings) as Language[];

let language: Language = "en";

export function setLanguage(wanted: Language): void {
  language = wanted;
  document.documentElement.lang = wanted;
}

export function currentLanguage(): Language {
  return language;
}

/** The first language of the browser that the page has. */
export function browserLanguage(wanted: readonly string[] = navigator.languages): Language {
  const short = wanted.map((each) => each.slice(0, 2).toLowerCase());
  return short.find((each): each is Language => each in strings) ?? "en";
}

/** The sentence of a key; {0} is replaced. */
export function say(key: Key, ...values: readonly (string | number)[]): string {
  return strings[language][key].replace(/\{(\d)\}/g, (_, place) => String(values[Number(place)] ?? ""));
}

export function nameOf(each: Language): string {
  return strings[each].web_language_name;
}

export function sentence(refusal: RefusalData): string {
  return say(`web_problem_${refusal.kind}`, refusal.detail);
}
