/** The first screen: what this is, and the two ways in. */
import { type App, go, type Screen } from "../app.ts";
import { button, element } from "../dom.ts";
import { chooseButton, refusalCard } from "../parts.ts";
import { say } from "../texts.ts";

export function startScreen(app: App): Screen {
  const root = element("main", { className: "start" });
  root.append(
    element("h1", {}, app.collection?.title ?? document.title),
    element("p", { className: "lead" }, say("web_start")));
  if (app.refusal !== undefined) {
    root.append(refusalCard(app.refusal, button(say("web_retry"), () => location.reload(), "button primary")));
    return { root };
  }
  root.append(
    element("div", { className: "actions" },
      button(say("welcome_start"), () => go("camera"), "button primary large"),
      chooseButton(app, "button large")),
    element("p", { className: "quiet drop-hint" }, say("web_drop")),
    element("p", { className: "quiet" }, say("web_private")),
    status(app));
  return { root };
}

/** How far loading is, or how many pictures there are. */
export function status(app: App): HTMLElement {
  const line = element("p", { id: "status", className: "quiet", attributes: { role: "status" } });
  if (app.collection !== undefined)
    line.textContent = say("gallery_many", app.collection.count.toLocaleString(app.settings.language));
  else if (app.progress < 1) line.textContent = say("web_loading", Math.round(100 * app.progress));
  else line.textContent = say("opening");
  return line;
}
