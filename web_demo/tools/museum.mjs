/** The drawn museum that `make test-web` leaves in build/e2e: served, and a browser whose camera plays a film. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const repository = fileURLToPath(new URL("../../", import.meta.url));
export const museum = `${repository}web_demo/build/e2e`;

/** Serve it on a free port: `{ url, stop }`. */
export async function serveMuseum() {
  const server = spawn(`${repository}.venv/bin/python`, [
    "-m", "mobile_actnet.cli.main", "web", `${museum}/museum.sqlite`, "--serve", "--port", "0", "--title", "The Small Museum",
  ], { cwd: repository });
  const url = await new Promise((resolve) => {
    let output = "";
    server.stdout.on("data", (part) => {
      output += part;
      const match = /http:\/\/\S+/.exec(output);
      if (match) resolve(match[0]);
    });
  });
  return { url, stop: () => server.kill() };
}

/** Open Chromium with a camera that plays a file of motion JPEG. */
export function openBrowser(camera) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${camera}`],
  });
}
