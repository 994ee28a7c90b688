/** The page: a bar, one screen at a time, and where photos come in. */
import "./style.css";

import { App, type Screen } from "./app.ts";
import { Client } from "./client.ts";
import { button, element, focusOn } from "./dom.ts";
import { keepOffline } from "./offline.ts";
import { refusalCard, showPhoto } from "./parts.ts";
import { cameraScreen } from "./screens/camera_screen.ts";
import { itemScreen } from "./screens/item.ts";
import { galleryScreen, historyScreen } from "./screens/lists.ts";
import { photoScreen } from "./screens/photo_screen.ts";
import { settingsScreen } from "./screens/settings.ts";
import { startScreen, status } from "./screens/start.ts";
import { say } from "./texts.ts";

const TABS = [
  ["", "screen_live"], ["gallery", "screen_gallery"], ["history", "screen_history"], ["settings", "screen_settings"],
] as const;

const page = document.getElementById("page")!;
const app = new App(new Client((share) => {
  app.progress = share;
  document.getElementById("status")?.replaceWith(status(app));
}));
let screen: Screen | undefined;
const notices = element("div", { className: "notices", attributes: { "aria-live": "polite" } });

function screenOf(place: string): Screen {
  const [name, value] = place.split("/");
  const needsCollection = name === "item" || name === "gallery" || name === "history";
  if (app.refusal !== undefined || (needsCollection && app.collection === undefined)) return startScreen(app);
  if (name === "camera") return cameraScreen(app);
  if (name === "photo") return photoScreen(app);
  if (name === "item") return itemScreen(app, Number(value));
  if (name === "gallery") return galleryScreen(app);
  if (name === "history") return historyScreen(app);
  if (name === "settings") return settingsScreen(app, draw);
  return startScreen(app);
}

function bar(place: string): HTMLElement {
  const nav = element("nav", { className: "bar", attributes: { "aria-label": document.title } });
  for (const [target, key] of TABS) {
    const link = element("a", { href: `#${target}` }, say(key));
    if (place === target || (target === "" && (place === "camera" || place === "photo")))
      link.setAttribute("aria-current", "page");
    nav.append(link);
  }
  return nav;
}

function draw(): void {
  const isFirst = screen === undefined;
  screen?.leave?.();
  const place = location.hash.slice(1);
  document.title = app.collection?.title ?? document.title;
  screen = screenOf(place);
  page.dataset["screen"] = place.split("/")[0] || "start";
  page.replaceChildren(screen.root, notices, bar(place));
  window.scrollTo(0, 0);
  if (!isFirst) focusOn(screen.root);
}

/** What changes when the collection is open: a button that has the keyboard keeps it, and a camera goes on. */
function showOpened(): void {
  const { screen: shown } = page.dataset;
  if (app.refusal !== undefined || (shown !== "start" && shown !== "camera")) return draw();
  document.title = app.collection!.title;
  if (shown === "camera") return;
  page.querySelector("h1")!.textContent = document.title;
  document.getElementById("status")!.replaceWith(status(app));
}

function notice(words: string, ...actions: HTMLElement[]): void {
  const line = element("div", { className: "notice" }, element("span", {}, words), ...actions);
  notices.replaceChildren(line);
  if (actions.length === 0) setTimeout(() => line.remove(), 5000);
}

function imageOf(items: Iterable<File> | undefined): File | undefined {
  return [...(items ?? [])].find((file) => file.type.startsWith("image/"));
}

function takePhotosFromOutside(): void {
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    const photo = imageOf(event.dataTransfer?.files);
    if (photo !== undefined) showPhoto(app, photo);
  });
  window.addEventListener("paste", (event) => {
    const photo = imageOf(event.clipboardData?.files);
    if (photo !== undefined) showPhoto(app, photo);
  });
}

function start(): void {
  window.addEventListener("hashchange", draw);
  takePhotosFromOutside();
  draw();
  if (location.protocol === "file:") {
    page.replaceChildren(refusalCard({ kind: "openedAsFile", detail: "" }));
    return;
  }
  void app.open(() => {
    showOpened();
    page.dataset["ready"] = String(app.refusal === undefined);
    if (app.refusal === undefined) void keepOffline({
      ready: () => notice(say("web_offline")),
      failed: () => notice(say("web_no_room")),
      newer: (take) => notice(say("web_newer"), button(say("web_newer_take"), take, "button primary")),
    });
  });
}

start();
