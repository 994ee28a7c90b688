/**
 * Pictures of the page's screens, for looking at and for docs/screens: `node screens.mjs FOLDER`.
 *
 * They show the drawn museum that `make test-web` left in build/e2e. FOLDER gets web-SIZE-APPEARANCE-SCREEN.png.
 */
import { museum, openBrowser, serveMuseum } from "./museum.mjs";

const SIZES = { phone: { width: 360, height: 800 }, wide: { width: 1280, height: 800 } };
const [folder] = process.argv.slice(2);

const { url, stop } = await serveMuseum();
const browser = await openBrowser(`${museum}/videos/03.mjpeg`);

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({
      viewport, colorScheme, locale: colorScheme === "dark" ? "de" : "en", serviceWorkers: "block",
      hasTouch: size === "phone", isMobile: size === "phone",
    });
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    const shoot = async (screen) => {
      await page.waitForTimeout(400);
      await page.screenshot({ path: `${folder}/web-${size}-${colorScheme}-${screen}.png` });
    };
    await page.goto(url);
    await page.locator('#page[data-ready="true"]').waitFor();
    await shoot("1-start");
    await page.locator(".start .primary").click();
    await page.locator("video").waitFor();
    await page.locator(".controls").waitFor();
    await page.waitForFunction(() => document.querySelector("video")?.videoWidth > 0);
    await page.screenshot({ path: `${folder}/web-${size}-${colorScheme}-2-camera.png` });
    await page.locator(".card").waitFor();
    await shoot("3-answer");
    await page.locator(".card .primary").click();
    await page.locator(".item h1").waitFor();
    await shoot("4-item");
    for (const [photo, name] of [["05.jpg", "5-photo"], ["unknown.jpg", "6-not-found"]]) {
      await page.goto(`${url}#`);
      await page.locator('input[type="file"]').setInputFiles(`${museum}/photos/${photo}`);
      await page.locator(".card").waitFor();
      await shoot(name);
    }
    await page.goto(`${url}#gallery`);
    await page.locator(".tile img").last().waitFor();
    await shoot("7-catalogue");
    await page.goto(`${url}#settings`);
    await shoot("8-settings");
    await context.close();
  }
}
await browser.close();
stop();
