/** The museum that make_fixture.py built, served by `actnet web` as a visitor gets it, and browsers that visit it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
export const MUSEUM = process.env["ACTNET_MUSEUM"] ?? join(REPOSITORY, "web_demo/build/e2e");
const PYTHON = process.env["ACTNET_PYTHON"] ?? join(REPOSITORY, ".venv/bin/python");

/** A machine that does much else at the same time is slow, not wrong. */
const PATIENCE_MS = 90_000;

interface Truth {
  readonly picture: string | null;
  readonly corners: [x: number, y: number][] | null;
}

interface Expected {
  readonly descriptors: Record<string, number[]>;
  readonly hits: Record<string, { path: string; similarity: number; verified: boolean; inliers: number }>;
}

export const truth = readJson<Record<string, Truth>>("truth.json");
export const expected = readJson<Expected>("expected.json");

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(MUSEUM, name), "utf-8")) as T;
}

/** `actnet web GALLERY --serve`, until `stop`. */
export class Server {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(gallery = "museum.sqlite", port = 0): Promise<Server> {
    const words = ["-m", "mobile_actnet.cli.main", "web", join(MUSEUM, gallery), "--serve", "--port", String(port),
      "--title", "The Small Museum"];
    const running = spawn(PYTHON, words, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise<string>((found, failed) => {
      let told = "";
      running.stdout!.on("data", (part) => {
        told += String(part);
        const match = /http:\/\/localhost:\d+\//.exec(told);
        if (match) found(match[0]);
      });
      running.on("exit", (code) => failed(new Error(`actnet web ended with ${code}: ${told}`)));
    });
    return new Server(url, running);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  stop(): Promise<void> {
    return new Promise((stopped) => {
      this.#process.removeAllListeners("exit");
      this.#process.on("exit", () => stopped());
      this.#process.kill("SIGTERM");
    });
  }
}

export function executable(): string {
  const places = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return places.find((place) => place !== undefined && existsSync(place)) ?? "chromium";
}

/** A browser whose camera plays the video of a photo; without one, there is no camera. */
export function launch(video?: string): Promise<Browser> {
  const camera = video === undefined ? [] : [
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${join(MUSEUM, "videos", video)}`];
  return chromium.launch({ executablePath: executable(), args: ["--no-sandbox", ...camera] });
}

/** A visit: the page, and all that it complained about or fetched from elsewhere. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[];
  readonly strangers: string[];
}

export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 360, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  const strangers: string[] = [];
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (hostname !== "localhost" && protocol !== "blob:" && protocol !== "data:") strangers.push(request.url());
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return { context, page, complaints, strangers };
}

export async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('#page[data-ready="true"]').waitFor();
}

/** Chooses a photo of the museum on the first screen, and waits for what the page says. */
export async function choose(page: Page, photo: string): Promise<string> {
  await page.locator('input[type="file"]').setInputFiles(join(MUSEUM, "photos", photo));
  await page.locator(".card").waitFor();
  return page.locator(".card").innerText();
}

/** The corners of the outline, as shares of the photo's width and height. */
export async function outline(page: Page): Promise<[number, number][]> {
  const svg = page.locator("svg.outline");
  const [, , width, height] = (await svg.getAttribute("viewBox"))!.split(" ").map(Number);
  const points = (await svg.locator("polygon.over").getAttribute("points"))!;
  return points.split(" ").map((point) => {
    const [x, y] = point.split(",").map(Number);
    return [x! / width!, y! / height!];
  });
}

export async function serviceWorkerIsActive(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => new Promise<void>((resolve) => {
    if (active!.state === "activated") resolve();
    else active!.addEventListener("statechange", () => active!.state === "activated" && resolve());
  })));
}
