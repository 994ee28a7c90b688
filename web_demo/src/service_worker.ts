/**
 * Keeps the site on the device. Files are kept by the hash of their content, so that a new version fetches only
 * what has changed. `actnet web` writes the version into this script, and browsers look at its bytes for news.
 */
import { isForOthers, litertBuild, readSite, type Site, SITE_FILE } from "./core/site.ts";

declare const self: ServiceWorkerGlobalScope;

const VERSION = "__SITE_VERSION__";
const CACHE = "actnet-files";
const LIST = `${SITE_FILE}?kept=`;

function address(path: string): string {
  return new URL(path, self.registration.scope).href;
}

function keptAs(path: string, site: Site): string {
  return `${address(path)}?sha256=${site.files[path]!.sha256}`;
}

async function install(): Promise<void> {
  const response = await fetch(address(SITE_FILE), { cache: "no-store" });
  const text = await response.clone().text();
  const site = readSite(text);
  // Between two uploads: the next visit finds both.
  if (site.version !== VERSION) throw new Error(`site.json is of version ${site.version}`);
  const cache = await caches.open(CACHE);
  const build = litertBuild();
  for (const path of Object.keys(site.files)) {
    const key = keptAs(path, site);
    if (isForOthers(path, build) || (await cache.match(key)) !== undefined) continue;
    const file = await fetch(address(path));
    if (!file.ok) throw new Error(`${path}: ${file.status}`);
    await cache.put(key, file);
  }
  await cache.put(address(LIST + VERSION), response);
}

/** Drops what only older versions had. */
async function activate(): Promise<void> {
  const cache = await caches.open(CACHE);
  const site = await keptSite();
  const kept = new Set([address(LIST + VERSION), ...Object.keys(site!.files).map((path) => keptAs(path, site!))]);
  for (const request of await cache.keys()) if (!kept.has(request.url)) await cache.delete(request);
  await self.clients.claim();
}

let siteOfThisVersion: Site | undefined;

async function keptSite(): Promise<Site | undefined> {
  if (siteOfThisVersion === undefined) {
    const list = await (await caches.open(CACHE)).match(address(LIST + VERSION));
    if (list !== undefined) siteOfThisVersion = readSite(await list.text());
  }
  return siteOfThisVersion;
}

async function answer(request: Request): Promise<Response> {
  const site = await keptSite();
  const scope = self.registration.scope;
  const url = request.url.split(/[?#]/)[0]!;
  if (site === undefined || !url.startsWith(scope)) return fetch(request);
  const path = url.slice(scope.length) || "index.html";
  const cache = await caches.open(CACHE);
  const key = path === SITE_FILE ? address(LIST + VERSION)
    : path in site.files ? keptAs(path, site) : undefined;
  return (key !== undefined && (await cache.match(key))) || fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && new URL(event.request.url).origin === self.location.origin)
    event.respondWith(answer(event.request));
});
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});
