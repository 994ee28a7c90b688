/** The service worker: one script under a name that stays, as browsers want it. */
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: "src/service_worker.ts",
      output: { format: "iife", entryFileNames: "service-worker.js" },
    },
  },
});
