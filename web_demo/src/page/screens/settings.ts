/** Settings: language, appearance, the figures for developers; and what the page is. */
import { type App, type Appearance, type Screen } from "../app.ts";
import { element } from "../dom.ts";
import { type Language, LANGUAGES, nameOf, say } from "../texts.ts";

const APPEARANCES: Appearance[] = ["automatic", "light", "dark"];

export function settingsScreen(app: App, redraw: () => void): Screen {
  const change = (apply: () => void) => () => {
    apply();
    app.applySettings();
    redraw();
  };
  const language = choice(say("web_language"), LANGUAGES.map((each) => [each, nameOf(each)]), app.settings.language);
  language.select.onchange = change(() => (app.settings.language = language.select.value as Language));
  const appearance = choice(
    say("web_appearance"), APPEARANCES.map((each) => [each, say(`web_appearance_${each}`)]), app.settings.appearance);
  appearance.select.onchange = change(() => (app.settings.appearance = appearance.select.value as Appearance));
  const figures = element("input", { type: "checkbox", checked: app.settings.figures });
  figures.onchange = change(() => (app.settings.figures = figures.checked));
  const root = element("main", { className: "settings" },
    element("h1", {}, say("screen_settings")), language.label, appearance.label,
    element("label", { className: "setting" }, say("developer"), figures),
    element("h2", {}, say("screen_about")), element("p", {}, say("web_about")));
  if (app.settings.figures && app.collection !== undefined) root.append(about(app));
  return { root };
}

function choice(title: string, options: readonly (readonly [string, string])[], chosen: string) {
  const select = element("select", {}, ...options.map(([value, name]) =>
    element("option", { value, selected: value === chosen }, name)));
  return { select, label: element("label", { className: "setting" }, title, select) };
}

function about(app: App): HTMLElement {
  const { model, engine, revision, madeBy, verifiedFrom, openedInMs } = app.collection!;
  const told = { model, engine, revision, "made by": madeBy, "verified from": verifiedFrom,
    "opened in": `${Math.round(openedInMs)} ms`, isolated: String(crossOriginIsolated) };
  return element("dl", { className: "figures" }, ...Object.entries(told).flatMap(([name, value]) => [
    element("dt", {}, name), element("dd", {}, String(value))]));
}
