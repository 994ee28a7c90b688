/**
 * How long LiteRT takes in Chromium for one picture, and in which of its functions:
 *
 *     node web_demo/tools/engine_times.mjs MODEL.tflite [--threads 2] [--runs 300]
 *
 * The page's build of LiteRT, or the one with threads; both are of node_modules. MODEL takes 224 x 224 pixels. Functions
 * have numbers alone. Of a busy machine, the quickest run tells most.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { build } from "vite";

const LITERT = fileURLToPath(new URL("../node_modules/@litertjs/core/", import.meta.url));
const WARM_UP = 20;
const FUNCTIONS = 8;
const SAMPLED_EVERY_US = 200;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

const { values: { threads, runs }, positionals: [model] } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "1" }, runs: { type: "string", default: "300" } },
});
const { output } = (await build({
  configFile: false, logLevel: "error",
  build: { write: false, lib: { entry: `${LITERT}dist/index.js`, formats: ["es"], fileName: "litert" } },
}))[0];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  // The engine with threads wants a page that shares nothing.
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const body = pathname === "/" ? "<!doctype html>" : pathname === "/litert.js" ? output[0].code
    : pathname === "/model" ? readFileSync(model)
    : /^\/wasm\/\w+\.(js|wasm)$/.test(pathname) ? readFileSync(join(LITERT, pathname)) : "";
  response.writeHead(200, { ...headers, "Content-Type": TYPES[extname(pathname)] ?? "text/html" }).end(body);
}).listen(0);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"],
});
const page = await browser.newPage();
page.setDefaultTimeout(300_000);
await page.goto(`http://localhost:${server.address().port}/`);
const session = await page.context().newCDPSession(page);
await session.send("Profiler.enable");
await session.send("Profiler.setSamplingInterval", { interval: SAMPLED_EVERY_US });

await page.evaluate(async ([count]) => {
  Object.defineProperty(navigator, "gpu", { value: undefined });
  const { loadAndCompile, loadLiteRt, Tensor } = await import("/litert.js");
  await loadLiteRt("/wasm/", { threads: count > 1 });
  const bytes = new Uint8Array(await (await fetch("/model")).arrayBuffer());
  const options = count > 1 ? { cpuOptions: { numThreads: count } } : {};
  const compiled = await loadAndCompile(bytes, { accelerator: "wasm", ...options });
  const picture = Uint8Array.from({ length: 224 * 224 * 3 }, (_, k) => (k * 2654435761) >>> 24);
  window.describe = async (times) => {
    const durations = [];
    for (let run = 0; run < times; run++) {
      const since = performance.now();
      const input = new Tensor(picture, [1, 224, 224, 3]);
      const [result] = await compiled.run(input);
      await result.data();
      durations.push(performance.now() - since);
      input.delete();
      result.delete();
    }
    return durations;
  };
}, [Number(threads)]);
await page.evaluate((times) => window.describe(times), WARM_UP);
await session.send("Profiler.start");
const durations = await page.evaluate((times) => window.describe(times), Number(runs));
const { profile } = await session.send("Profiler.stop");
await browser.close();
server.close();

durations.sort((one, other) => one - other);
console.log(`quickest ${durations[0].toFixed(1)} ms, median ${durations[durations.length >> 1].toFixed(1)} ms`);
const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
const spent = {};
profile.samples.forEach((id, k) => {
  const { functionName, url } = nodes.get(id);
  const name = `${functionName || "?"} ${url.split("/").at(-1)}`;
  spent[name] = (spent[name] ?? 0) + profile.timeDeltas[k];
});
const total = Object.values(spent).reduce((sum, each) => sum + each, 0);
for (const [name, time] of Object.entries(spent).sort((one, other) => other[1] - one[1]).slice(0, FUNCTIONS))
  console.log(`${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`);
