/**
 * What measure.py asks of the page: `node measure_page.mjs URL REQUEST.json`, and JSON on stdout.
 *
 * REQUEST has `photos` (paths), `described` (RGB bytes of the model's size) and `runs`.
 */
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [url, file] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, "utf-8"));
const base64 = (path) => readFileSync(path).toString("base64");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", ...(request.flags ?? [])],
});
const context = await browser.newContext({ serviceWorkers: "block" });
const page = await context.newPage();
const started = Date.now();
await page.goto(url);
await page.locator('#page[data-ready="true"]').waitFor({ timeout: 120_000 });
const firstLoadMs = Date.now() - started;

// The page's own worker is the page's; another of the same script is asked here.
const script = await page.evaluate(() =>
  performance.getEntriesByType("resource").map(({ name }) => name).find((name) => name.includes("/worker-")));
const collection = await page.evaluate(([address, base]) => {
  const worker = new Worker(address);
  window.ask = (call, ...values) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if ("result" in data) resolve(data.result);
      if ("refusal" in data) reject(new Error(JSON.stringify(data.refusal)));
    };
    worker.postMessage({ number: 1, call, values });
  });
  window.unpacked = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return window.ask("open", base);
}, [script, url]);

const describeMs = await page.evaluate(async ([picture, runs]) => {
  const { durations } = await window.ask("describe", window.unpacked(picture), runs + 5);
  return durations.slice(5);
}, [base64(request.described), request.runs]);

const answers = [];
for (const photo of request.photos) answers.push(await page.evaluate(async (given) => {
  const photo = new Blob([window.unpacked(given)]);
  // What a visitor would feel: for how long the page's own thread does nothing else.
  let beat = performance.now(), pauseMs = 0;
  const tick = () => {
    pauseMs = Math.max(pauseMs, performance.now() - beat);
    beat = performance.now();
  };
  const ticking = setInterval(tick, 4);
  const since = performance.now();
  const { answer, candidates, stages } = await window.ask("recognise", photo);
  clearInterval(ticking);
  tick();
  const [first] = candidates;
  return {
    id: first.picture.id, verified: answer !== null, similarity: first.similarity, inliers: first.inliers,
    stages, pauseMs, ms: performance.now() - since,
  };
}, base64(photo)));

// The browser answers when it next collects garbage, within a minute or so.
const memory = await page.evaluate(() => Promise.race([
  performance.measureUserAgentSpecificMemory?.().then(({ bytes }) => bytes),
  new Promise((resolve) => setTimeout(() => resolve(null), 60_000)),
])).catch(() => null);
await browser.close();
console.log(JSON.stringify({ firstLoadMs, collection, describeMs, answers, memory }));
