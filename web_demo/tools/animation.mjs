/**
 * The frames of animation.py: `node animation.mjs FOLDER`, where FOLDER has camera.mjpeg.
 *
 * FOLDER gets 000.png and so on, and durations.json with the milliseconds of each.
 */
import { writeFileSync } from "node:fs";
import { openBrowser, serveMuseum } from "./museum.mjs";

const LONGEST_LOOK_MS = 15_000;
const CAMERA_FRAME_MS = 200;
const [folder] = process.argv.slice(2);

const { url, stop } = await serveMuseum();
const browser = await openBrowser(`${folder}/camera.mjpeg`);
const context = await browser.newContext({
  viewport: { width: 360, height: 800 }, locale: "en", colorScheme: "light", serviceWorkers: "block",
  hasTouch: true, isMobile: true,
});
const page = await context.newPage();
const durations = [];
const shoot = async (duration) => {
  await page.screenshot({ path: `${folder}/${String(durations.length).padStart(3, "0")}.png` });
  durations.push(duration);
};

await page.goto(url);
await page.locator('#page[data-ready="true"]').waitFor();
await shoot(1500);
await page.locator(".start .primary").click();
await page.waitForFunction(() => document.querySelector("video")?.videoWidth > 0);
const since = Date.now();
while (await page.locator(".card").count() === 0 && Date.now() - since < LONGEST_LOOK_MS) await shoot(CAMERA_FRAME_MS);
await page.locator("svg.outline").waitFor();
await page.waitForTimeout(400);
await shoot(2600);
await page.locator(".card .primary").click();
await page.locator(".item h1").waitFor();
await page.waitForTimeout(400);
await shoot(2600);
await browser.close();
stop();
writeFileSync(`${folder}/durations.json`, JSON.stringify(durations));
