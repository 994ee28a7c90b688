/** The page and its worker. `vite build -c vite.service_worker.ts` adds the service worker beside them. */
import { defineConfig, type Plugin } from "vite";

/** SQLite's package brings scripts and a copy of its engine that the page, which gives it the engine, never asks for. */
const WITHOUT_SPARE_SQLITE: Plugin = {
  name: "without-spare-sqlite",
  generateBundle(_, bundle) {
    for (const name of Object.keys(bundle)) if (/^assets\/sqlite3[-.]/.test(name)) delete bundle[name];
  },
};

export default defineConfig({
  base: "./",
  plugins: [WITHOUT_SPARE_SQLITE],
  build: {
    target: "es2022",
    // It would be an inline script, which the page's policy forbids.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    emptyOutDir: true,
  },
  worker: { format: "iife" }, // LiteRT's loader needs importScripts, which module workers lack.
});
