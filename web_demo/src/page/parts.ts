/** Pieces that several screens show: pictures of the gallery, answers, refusals. */
import type { Picture } from "../core/gallery.ts";
import type { RefusalData } from "../core/refusal.ts";
import type { Answer, Found, Stages } from "../worker/messages.ts";
import { type App, go } from "./app.ts";
import { button, element, outlineOver } from "./dom.ts";
import { noteSeen } from "./memory.ts";
import { currentLanguage, say, sentence } from "./texts.ts";

/** A picture of the gallery; it fills in when the worker has sent it. */
export function galleryPicture(app: App, picture: Picture, large: boolean): HTMLImageElement {
  const image = element("img", {
    alt: say("item_picture", app.title(picture)), width: picture.width, height: picture.height,
  });
  image.hidden = true;
  void app.jpeg(picture.id, large).then((address) => {
    if (address === null) return;
    image.src = address;
    image.hidden = false;
  }, () => {});
  return image;
}

/** A tile that leads to a picture's page. */
export function tile(app: App, picture: Picture, note = ""): HTMLElement {
  const link = element("a", { className: "tile", href: `#item/${picture.id}` });
  link.append(
    element("span", { className: "tile-picture" }, galleryPicture(app, picture, false)),
    element("span", { className: "tile-title" }, app.title(picture)));
  if (note) link.append(element("span", { className: "figures" }, note));
  return element("li", {}, link);
}

/** The photo, with the outline of what was found in it. */
export function photoWithOutline(photo: HTMLElement, answer: Answer | null): HTMLElement {
  const box = element("div", { className: "photo" }, photo);
  const outline = answer?.answer?.outline;
  if (answer && outline) box.append(outlineOver(outline, answer.width, answer.height));
  return box;
}

/** What the page says of a photo: the one answer, or that there is none. Notes what was seen. */
export function answerCard(app: App, answer: Answer, again: () => void): HTMLElement {
  const verifies = app.collection!.verifies;
  const card = element("section", { className: "card", attributes: { "aria-live": "polite" } });
  if (answer.answer !== null) card.append(...verified(app, answer.answer));
  else if (verifies) card.append(
    element("h2", {}, say("unknown")), element("p", {}, say("web_unknown_text")));
  else card.append(element("p", {}, say("web_alike_only")));
  if (answer.answer === null && (!verifies || app.settings.figures)) card.append(candidates(app, answer));
  if (app.settings.figures) card.append(figures(answer.stages));
  const actions = element("div", { className: "actions" });
  if (answer.answer !== null) {
    const { id } = answer.answer.picture;
    actions.append(button(say("item_link"), () => go(`item/${id}`), "button primary"));
  }
  actions.append(button(say("web_again"), again, answer.answer === null ? "button primary" : "button"));
  card.append(actions);
  return card;
}

function verified(app: App, found: Found): HTMLElement[] {
  const { picture } = found;
  noteSeen({ picture: picture.id, path: picture.path, time: Date.now() });
  const fields = app.fields(picture);
  const words = element("div", { className: "answer-words" }, element("h2", {}, app.title(picture)));
  if (fields["maker"]) words.append(element("p", { className: "maker" }, fields["maker"]));
  if (fields["text"]) words.append(element("p", { className: "teaser" }, fields["text"]));
  if (app.settings.figures) words.append(element("p", { className: "figures" }, figuresOf(found)));
  return [element("div", { className: "answer" },
    element("div", { className: "answer-picture" }, galleryPicture(app, picture, false)), words)];
}

function candidates(app: App, answer: Answer): HTMLElement {
  const list = element("ul", { className: "tiles" });
  for (const found of answer.candidates)
    list.append(tile(app, found.picture, app.settings.figures ? figuresOf(found) : ""));
  return element("div", {}, element("h3", {}, say("web_alike")), list);
}

function figuresOf(found: Found): string {
  const similarity = say("web_similarity", found.similarity.toLocaleString(currentLanguage(), {
    minimumFractionDigits: 3, maximumFractionDigits: 3,
  }));
  return found.inliers === null ? similarity : `${similarity} · ${say("web_inliers", found.inliers)}`;
}

function figures(stages: Stages): HTMLElement {
  const told = Object.entries(stages).map(([stage, duration]) => `${stage} ${Math.round(duration)}`);
  const total = Object.values(stages).reduce((sum, duration) => sum + duration, 0);
  return element("p", { className: "figures" }, `${told.join(" · ")} · ${Math.round(total)} ms`);
}

/** A sentence on what went wrong, and what can be done. */
export function refusalCard(refusal: RefusalData, ...actions: HTMLElement[]): HTMLElement {
  return element("section", { className: "card refusal", attributes: { role: "alert" } },
    element("p", {}, sentence(refusal)), element("div", { className: "actions" }, ...actions));
}

/** A button that opens the device's choice of photos. */
export function chooseButton(app: App, className = "button"): HTMLElement {
  const input = element("input", { type: "file", accept: "image/*", className: "unseen" });
  input.tabIndex = -1;
  input.setAttribute("aria-label", say("pick_photo"));
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file !== undefined) showPhoto(app, file);
    input.value = "";
  };
  const label = button(say("pick_photo"), () => input.click(), className);
  return element("span", { className: "choose" }, label, input);
}

/** Goes to the screen that answers a photo. */
export function showPhoto(app: App, photo: Blob): void {
  app.photo = photo;
  if (location.hash === "#photo") window.dispatchEvent(new HashChangeEvent("hashchange"));
  else go("photo");
}
