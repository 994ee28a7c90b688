/** The page of a thing: a large picture, and all that the catalogue says. */
import { refusalData } from "../../core/refusal.ts";
import { safeLink } from "../../core/items.ts";
import { type App, type Screen } from "../app.ts";
import { button, element } from "../dom.ts";
import { galleryPicture, refusalCard } from "../parts.ts";
import { say } from "../texts.ts";

const NAMED = ["title", "maker", "text", "link"];

export function itemScreen(app: App, id: number): Screen {
  const root = element("main", { className: "item" });
  void fill(app, id, root);
  return { root };
}

async function fill(app: App, id: number, root: HTMLElement): Promise<void> {
  const back = button(say("back"), () => history.back());
  try {
    const picture = await app.client.call("picture", id);
    if (picture === null) return root.replaceChildren(back);
    const fields = app.fields(picture);
    root.replaceChildren(
      back, element("div", { className: "item-picture" }, galleryPicture(app, picture, true)),
      element("h1", {}, app.title(picture)));
    if (fields["maker"]) root.append(element("p", { className: "maker" }, fields["maker"]));
    if (fields["text"]) root.append(element("p", { className: "text" }, fields["text"]));
    root.append(...otherFields(fields));
    if (fields["link"]) root.append(link(fields["link"]));
  } catch (error) {
    root.replaceChildren(refusalCard(refusalData(error), back));
  }
}

function otherFields(fields: Record<string, string>): HTMLElement[] {
  const others = Object.entries(fields).filter(([name]) => !NAMED.includes(name));
  if (others.length === 0) return [];
  const known = (name: string) => (name === "price" ? say("web_price") : name);
  return [element("dl", {}, ...others.flatMap(([name, value]) => [
    element("dt", {}, known(name)), element("dd", {}, value)]))];
}

function link(value: string): HTMLElement {
  const url = safeLink(value);
  if (url === null) return element("p", {}, value);
  const words = say("web_link", url.host || url.pathname);
  return element("p", {}, element("a", {
    href: url.href, target: "_blank", rel: "noopener noreferrer", className: "button",
  }, words));
}
