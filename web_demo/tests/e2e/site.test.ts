/** The real page in a real browser, as a visitor uses it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { choose, expected, launch, MUSEUM, open, outline, Server, serviceWorkerIsActive, truth, visit } from "./museum.ts";

const CLOSE = 0.02;
const KNOWN = "03.jpg";
const KNOWN_TITLE = "Seven Firs";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), launch(KNOWN.replace("jpg", "mjpeg"))]);
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

function expectClose(corners: [number, number][], wanted: [number, number][]): void {
  corners.forEach((corner, k) => corner.forEach((place, axis) =>
    expect(Math.abs(place - wanted[k]![axis]!)).toBeLessThanOrEqual(CLOSE)));
}

/** Bytes go to the browser as text; lists of numbers take it seconds. */
function base64(folder: string, name: string): string {
  return readFileSync(join(MUSEUM, folder, name)).toString("base64");
}

describe("a photo from the library", () => {
  test("is recognised, with its outline, and nothing is fetched from elsewhere or complained about", async () => {
    const { page, context, complaints, strangers } = await visit(browser);
    await open(page, server.url);
    const told = await choose(page, KNOWN);
    expect(told).toContain(KNOWN_TITLE);
    expect(told).toContain("Ada Brush");
    // A screen reader goes on there.
    expect(await page.locator(".card").evaluate((card) => card === document.activeElement)).toBe(true);
    expectClose(await outline(page), truth[KNOWN]!.corners!);
    await page.getByText("Read more").click();
    await page.getByRole("heading", { name: KNOWN_TITLE }).waitFor();
    expect(await page.locator("dl").innerText()).toContain("120 €");
    await page.goto(`${server.url}#history`);
    await page.getByRole("link", { name: KNOWN_TITLE }).waitFor();
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
    await context.close();
  });

  test("of another thing gets no answer", async () => {
    const { page, context } = await visit(browser);
    await open(page, server.url);
    expect(await choose(page, "unknown.jpg")).toContain("not in the catalogue");
    expect(await page.locator("svg.outline").count()).toBe(0);
    await context.close();
  });

  test("can be dropped or pasted", async () => {
    const { page, context } = await visit(browser);
    await open(page, server.url);
    const bytes = base64("photos", KNOWN);
    for (const kind of ["drop", "paste"]) {
      await page.evaluate(([given, name]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(given), (each) => each.charCodeAt(0))], "photo.jpg", { type: "image/jpeg" }));
        const event = name === "drop" ? new DragEvent("drop", { dataTransfer: data })
          : new ClipboardEvent("paste", { clipboardData: data });
        window.dispatchEvent(event);
      }, [bytes, kind] as const);
      await page.getByRole("heading", { name: KNOWN_TITLE }).waitFor();
      await page.goto(`${server.url}#`);
    }
    await context.close();
  });
});

describe("the camera", () => {
  test("recognises what it is pointed at, with its outline", async () => {
    const { page, context, complaints } = await visit(browser, { viewport: { width: 1280, height: 800 } });
    await open(page, server.url);
    await page.getByRole("button", { name: "Start the camera" }).press("Enter");
    await page.getByRole("heading", { name: KNOWN_TITLE }).waitFor();
    const shown = await page.locator("canvas").evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);
    const [width, height] = [1280, 720];
    const wanted = truth[KNOWN]!.corners!.map(([x, y]): [number, number] => [
      (x * width - ((width - shown[0]!) >> 1)) / shown[0]!, (y * height - ((height - shown[1]!) >> 1)) / shown[1]!]);
    expectClose(await outline(page), wanted);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("says so where the thing is not in the catalogue", async () => {
    const other = await launch("unknown.mjpeg");
    const { page } = await visit(other);
    await open(page, `${server.url}#camera`);
    await page.getByText("Recognise this").click();
    await page.getByText("This is not in the catalogue").waitFor();
    await other.close();
  });
});

describe("the worker", () => {
  test("describes and answers as Python does", async () => {
    const { page, context } = await visit(browser);
    await open(page, server.url);
    const script = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name).find((name) => name.includes("/worker-"))!);
    await page.evaluate(([address, base]) => {
      const worker = new Worker(address!);
      const ask = (call: string, ...values: unknown[]) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          if ("result" in data) resolve(data.result);
          if ("refusal" in data) reject(new Error(JSON.stringify(data.refusal)));
        };
        worker.postMessage({ number: 1, call, values });
      });
      Object.assign(window, { ask });
      return ask("open", base);
    }, [script, server.url]);
    for (const [name, descriptor] of Object.entries(expected.descriptors)) {
      const ours = await page.evaluate(async (given) => {
        const { ask } = window as unknown as { ask(...words: unknown[]): Promise<{ descriptor: Float32Array }> };
        const { descriptor } = await ask("describe", Uint8Array.from(atob(given), (each) => each.charCodeAt(0)), 1);
        return [...descriptor];
      }, base64("described", name));
      const apart = Math.max(...ours.map((value, k) => Math.abs(value - descriptor[k]!)));
      expect(apart, name).toBeLessThanOrEqual(1e-5);
    }
    for (const [photo, hit] of Object.entries(expected.hits)) {
      const told = await page.evaluate(async (given) => {
        const { ask } = window as unknown as { ask(call: string, value: unknown): Promise<{
          answer: object | null; candidates: { picture: { path: string }; similarity: number }[];
        }> };
        const { answer, candidates } = await ask(
          "recognise", new Blob([Uint8Array.from(atob(given), (each) => each.charCodeAt(0))]));
        return { verified: answer !== null, path: candidates[0]!.picture.path, similarity: candidates[0]!.similarity };
      }, base64("photos", photo));
      expect(told.verified, photo).toBe(hit.verified);
      expect(told.path, photo).toBe(hit.path);
      expect(Math.abs(told.similarity - hit.similarity), photo).toBeLessThan(0.02);
    }
    await context.close();
  });
});

describe("without a network", () => {
  test("the page still answers, and takes a newer catalogue when there is one", async () => {
    const { page, context } = await visit(browser);
    let own = await Server.start("smaller.sqlite");
    await open(page, own.url);
    await page.getByText("10 pictures").waitFor();
    await serviceWorkerIsActive(page);
    await own.stop();
    await page.reload();
    await open(page, own.url);
    expect(await choose(page, KNOWN)).toContain(KNOWN_TITLE);
    own = await Server.start("museum.sqlite", own.port);
    await page.goto(`${own.url}#`);
    await page.reload();
    await page.getByRole("button", { name: "Take the new one" }).click();
    await page.getByText("12 pictures").waitFor();
    await own.stop();
    await page.reload();
    await page.getByText("12 pictures").waitFor();
    await context.close();
  });

  test("the page can be installed", async () => {
    const { page, context } = await visit(browser);
    await open(page, server.url);
    await serviceWorkerIsActive(page);
    const session = await context.newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // Contexts of tests are private windows, which install nothing.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
    await context.close();
  });
});
