/** Texts: the same sentences in every language, and items in the visitor's. */
import { describe, expect, test } from "vitest";

import type { Picture } from "../../src/core/gallery.ts";
import { fieldsOf, safeLink, titleOf } from "../../src/core/items.ts";
import { browserLanguage, sentence } from "../../src/page/texts.ts";

describe("strings", () => {
  test("the browser's first language that the page has", () => {
    expect(browserLanguage(["fr-FR", "de-CH", "en"])).toBe("de");
    expect(browserLanguage(["fr"])).toBe("en");
  });

  test("a refusal says what came", () =>
    expect(sentence({ kind: "otherVersion", detail: "3" })).toContain("version 3"));
});

describe("items", () => {
  const picture = (fields: Record<string, Record<string, string>> | null, label: string | null = null): Picture => ({
    id: 1, path: "room/old_mill-2.jpg", label, width: 1, height: 1,
    item: fields === null ? null : { name: "x", fields },
  });

  test("the title in the language, else in none, else in another; else the label, else the file", () => {
    const both = { en: { title: "Mill" }, de: { title: "Mühle" } };
    expect(titleOf(picture(both), "de")).toBe("Mühle");
    expect(titleOf(picture({ ...both, "": { title: "M" } }), "fr")).toBe("M");
    expect(titleOf(picture({ de: { title: "Mühle" } }), "en")).toBe("Mühle");
    expect(titleOf(picture(null, "Label"), "en")).toBe("Label");
    expect(titleOf(picture(null), "en")).toBe("old mill 2");
  });

  test("fields that a language lacks come from others", () => {
    const fields = fieldsOf(picture({ en: { title: "Mill", text: "Old." }, de: { title: "Mühle" } }), "de");
    expect(fields).toEqual({ title: "Mühle", text: "Old." });
  });

  test.each([
    ["https://example.org/a", true], ["mailto:a@example.org", true], ["http://example.org", true],
    ["javascript:alert(1)", false], ["data:text/html,x", false], ["JaVaScRiPt:x", false], ["blob:x", false],
    ["/relative", false], ["", false], [" javascript:x", false],
  ])("the link %s", (link, safe) => expect(safeLink(link) !== null).toBe(safe));
});
