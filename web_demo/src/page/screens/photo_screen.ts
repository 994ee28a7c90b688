/** The answer to a photo from the library, a drop or a paste. */
import { refusalData } from "../../core/refusal.ts";
import { type App, go, type Screen } from "../app.ts";
import { button, element, focusOn } from "../dom.ts";
import { answerCard, chooseButton, photoWithOutline, refusalCard } from "../parts.ts";
import { say } from "../texts.ts";
import { status } from "./start.ts";

export function photoScreen(app: App): Screen {
  const root = element("main", { className: "answered" });
  const { photo } = app;
  if (photo === undefined) {
    root.append(element("div", { className: "actions" }, chooseButton(app, "button primary large")));
    return { root };
  }
  const address = URL.createObjectURL(photo);
  const image = element("img", { src: address, alt: say("web_photo") });
  const waiting = app.collection === undefined ? status(app)
    : element("p", { className: "quiet", attributes: { role: "status" } }, say("results_looking"));
  root.append(photoWithOutline(image, null), waiting);
  // Before the collection is open the screen is drawn anew when it is.
  if (app.collection !== undefined) void answer(app, photo, image, root);
  return { root, leave: () => URL.revokeObjectURL(address) };
}

async function answer(app: App, photo: Blob, image: HTMLImageElement, root: HTMLElement): Promise<void> {
  try {
    const told = await app.client.call("recognise", photo);
    if (told.answer?.outline) image.alt = say("web_photo_outlined");
    const card = answerCard(app, told, () => go(""));
    root.replaceChildren(photoWithOutline(image, told), card);
    focusOn(card);
  } catch (error) {
    root.replaceChildren(refusalCard(
      refusalData(error), button(say("back"), () => go("")), chooseButton(app, "button primary")));
  }
}
