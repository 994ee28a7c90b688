/** The whole collection, and what was recognised. */
import { refusalData } from "../../core/refusal.ts";
import { type App, type Screen } from "../app.ts";
import { button, element } from "../dom.ts";
import { recallSeen, remember } from "../memory.ts";
import { refusalCard, tile } from "../parts.ts";
import { say } from "../texts.ts";

const AT_ONCE = 48;

export function galleryScreen(app: App): Screen {
  const list = element("ul", { className: "tiles" });
  const root = element("main", { className: "list" }, element("h1", {}, say("screen_gallery")), list);
  const more = button(say("gallery_more"), () => void load());
  async function load(): Promise<void> {
    try {
      const pictures = await app.client.call("list", list.childElementCount, AT_ONCE);
      list.append(...pictures.map((picture) => tile(app, picture)));
      if (list.childElementCount === 0) root.append(element("p", {}, say("empty")));
      if (list.childElementCount < app.collection!.count && pictures.length > 0) root.append(more);
      else more.remove();
    } catch (error) {
      root.replaceChildren(refusalCard(refusalData(error)));
    }
  }
  void load();
  return { root };
}

export function historyScreen(app: App): Screen {
  const list = element("ul", { className: "tiles" });
  const root = element("main", { className: "list" }, element("h1", {}, say("screen_history")), list);
  void fill();
  return { root };

  async function fill(): Promise<void> {
    for (const seen of recallSeen()) {
      const picture = await app.client.call("picture", seen.picture).catch(() => null);
      // A gallery that was built anew may have another picture under this number.
      if (picture?.path === seen.path) list.append(tile(app, picture));
    }
    if (list.childElementCount === 0) root.append(element("p", {}, say("web_history_empty")));
    else root.append(button(say("history_clear"), () => {
      remember("seen", []);
      list.replaceChildren();
      root.lastElementChild!.replaceWith(element("p", {}, say("web_history_empty")));
    }));
  }
}
