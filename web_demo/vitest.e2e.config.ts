import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["tests/e2e/**/*.test.ts"], testTimeout: 40_000, hookTimeout: 40_000, fileParallelism: false },
});
