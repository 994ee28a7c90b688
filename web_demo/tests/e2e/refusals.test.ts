/** What the page says where something is wrong; and whether it can be read and operated. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { choose, launch, MUSEUM, open, Server, visit } from "./museum.ts";

const GOLDEN = fileURLToPath(new URL("../../../tests/golden/gallery/", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../../tests/golden/preprocessing/sources/", import.meta.url));
const PAGE = fileURLToPath(new URL("../../../mobile_actnet/web/page/index.html", import.meta.url));

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch()]);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

async function refusal(prepare: (page: Page) => Promise<unknown>, place = ""): Promise<string> {
  const { page, context } = await visit(browser, { serviceWorkers: "block" });
  await prepare(page);
  await page.goto(server.url + place);
  const shown = await page.locator(".refusal").innerText();
  await context.close();
  return shown;
}

const damaged = (page: Page) => page.route("**/gallery.sqlite", async (route) => {
  const body = await (await route.fetch()).body();
  await route.fulfill({ body: body.fill(0xff, 8192) });
});

function gallery(file: string): (page: Page) => Promise<unknown> {
  return (page) => page.route("**/gallery.sqlite", (route) => route.fulfill({ body: readFileSync(GOLDEN + file) }));
}

test.each([
  ["of another model", gallery("int8.sqlite"), "made with another model"],
  ["that is text", gallery("refused/text.sqlite"), "not a gallery"],
  ["of a later version", gallery("refused/version_3.sqlite"), "version 3"],
  ["that is damaged", damaged, "is damaged"],
])("a gallery %s", async (_, prepare, words) => {
  expect(await refusal(prepare)).toContain(words);
});

test("files that cannot be loaded", async () => {
  expect(await refusal((page) => page.route("**/*.tflite", (route) => route.abort()))).toContain("could not be loaded");
  expect(await refusal((page) => page.route("**/site.json", (route) => route.fulfill({ body: "{" })))).toContain("list of files");
});

test("a model that is not what its manifest says", async () => {
  const changed = (page: Page) => page.route("**/*.tflite", async (route) => {
    const body = await (await route.fetch()).body();
    body[body.length >> 1]! ^= 1;
    await route.fulfill({ body });
  });
  expect(await refusal(changed)).toContain("does not fit its manifest");
});

test("a browser without SIMD, and one without WebAssembly", async () => {
  expect(await refusal((page) => page.addInitScript("WebAssembly.validate = () => false"))).toContain("too old");
  expect(await refusal((page) => page.addInitScript("delete globalThis.WebAssembly"))).toContain("no WebAssembly");
});

test("a browser without relaxed SIMD runs the other build of LiteRT, which computes the same", async () => {
  const { page, context } = await visit(browser, { serviceWorkers: "block" });
  // The last bytes of the module that asks for relaxed SIMD.
  const older = "const newer = WebAssembly.validate; " +
    'WebAssembly.validate = (bytes) => !String(bytes).endsWith("253,128,2,11") && newer(bytes);';
  await page.route("**/worker-*.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: older + await response.text() });
  });
  await open(page, server.url);
  expect(await choose(page, "03.jpg")).toContain("Seven Firs");
  await page.goto(`${server.url}#settings`);
  await page.getByLabel("figures").check();
  await page.getByText("engine/litert_wasm_compat_internal").waitFor();
  await context.close();
});

test.each([
  ["NotAllowedError", "not allowed"], ["NotFoundError", "no camera"], ["NotReadableError", "Another program"],
])("a camera that fails with %s", async (name, words) => {
  const failing = (page: Page) => page.addInitScript(
    `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "${name}"))`);
  expect(await refusal(failing, "#camera")).toContain(words);
});

test("no camera at all", async () => {
  expect(await refusal(async () => {}, "#camera")).toContain("There is no camera here");
});

test("a photo that is none", async () => {
  const { page, context } = await visit(browser);
  await open(page, server.url);
  await page.locator('input[type="file"]').setInputFiles({ name: "a.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no") });
  expect(await page.locator(".refusal").innerText()).toContain("cannot be read");
  await context.close();
});

/** What the page says of a photo: a card, or a refusal. */
async function answer(page: Page, name: string, buffer: Buffer): Promise<string> {
  await page.goto(server.url);
  await page.locator('input[type="file"]').setInputFiles({ name, mimeType: "image/jpeg", buffer });
  const shown = page.locator(".card, .refusal");
  await shown.waitFor();
  return shown.innerText();
}

test("truncated photos are refused; one that lacks only its end marker is whole", async () => {
  const { page, context } = await visit(browser);
  await open(page, server.url);
  const photo = readFileSync(join(MUSEUM, "photos", "03.jpg"));
  for (const bytes of [photo.length >> 1, photo.length - 40])
    expect(await answer(page, "cut.jpg", photo.subarray(0, bytes)), `${bytes} bytes`).toContain("part of this photo is missing");
  for (const lost of [1, 2])
    expect(await answer(page, "unended.jpg", photo.subarray(0, photo.length - lost)), `without ${lost}`).toContain("Seven Firs");
  const png = readFileSync(`${SOURCES}rgb16.png`);
  expect(await answer(page, "cut.png", png.subarray(0, png.length - 20))).toContain("part of this photo is missing");
  await context.close();
});

test("a photo of 108 megapixels is recognised, and one of 400 refused", async () => {
  const { page, context } = await visit(browser);
  await open(page, server.url);
  expect(await answer(page, "phone.jpg", readFileSync(join(MUSEUM, "large.jpg")))).toContain("Seven Firs");
  const larger = readFileSync(join(MUSEUM, "photos", "03.jpg"));
  const frame = larger.indexOf(Buffer.from([0xff, 0xc0]));
  larger.writeUInt16BE(20000, frame + 5);
  larger.writeUInt16BE(20000, frame + 7);
  expect(await answer(page, "bomb.jpg", larger)).toContain("20000 x 20000");
  await context.close();
});

test("a device without room: the page works, and says that it does so with a network alone", async () => {
  const { page, context } = await visit(browser);
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(server.url).origin, quotaSize: 1_000_000 });
  await open(page, server.url);
  await page.getByText("no room to keep the catalogue").waitFor();
  await context.close();
});

test("a page that is opened as a file", async () => {
  const { page, context } = await visit(browser);
  await page.goto(`file://${PAGE}`);
  expect(await page.locator("body").innerText()).toContain("needs JavaScript and a web server");
  await context.close();
});

test("a dangerous link of an item is text", async () => {
  const { page, context } = await visit(browser);
  await open(page, server.url);
  await page.goto(`${server.url}#item/2`);
  await page.getByText("javascript:alert(1)").waitFor();
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
  await context.close();
});

test("German, from the browser's language or the settings", async () => {
  const { page, context } = await visit(browser, { locale: "de-AT" });
  await open(page, server.url);
  expect(await page.locator("html").getAttribute("lang")).toBe("de");
  await page.goto(`${server.url}#item/4`);
  await page.getByRole("heading", { name: "Sieben Tannen" }).waitFor();
  await page.goto(`${server.url}#settings`);
  await page.getByLabel("Sprache").selectOption("en");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await context.close();
});

test.each(["light", "dark"] as const)("text can be read in %s", async (colorScheme) => {
  const { page, context } = await visit(browser, { colorScheme });
  await open(page, server.url);
  for (const place of ["", "#gallery", "#item/1", "#history", "#settings"]) {
    await page.goto(server.url + place);
    await page.locator("h1").waitFor();
    expect(await page.evaluate(weakTexts), place).toEqual([]);
  }
  await context.close();
});

/** Texts whose contrast with their background is below 4.5 to 1 (WCAG AA). */
function weakTexts(): string[] {
  const numbers = (colour: string) => colour.match(/[\d.]+/g)!.map(Number);
  const luminance = (colour: string) => numbers(colour).slice(0, 3)
    .map((value) => value / 255).map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, k) => sum + value * [0.2126, 0.7152, 0.0722][k]!, 0);
  const ground = (element: Element | null): string => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    return (numbers(backgroundColor)[3] ?? 1) === 0 ? ground(element.parentElement) : backgroundColor;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const weak: string[] = [];
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (!textContent!.trim() || !parentElement!.checkVisibility()) continue;
    const [one, other] = [luminance(getComputedStyle(parentElement!).color), luminance(ground(parentElement))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) weak.push(`${textContent} ${contrast.toFixed(2)}`);
  }
  return weak;
}
