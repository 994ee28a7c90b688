/** The camera: a large viewfinder; the first thing that is recognised stops it and is shown. */
import { refusalData } from "../../core/refusal.ts";
import type { Answer } from "../../worker/messages.ts";
import { type App, go, type Screen } from "../app.ts";
import { Camera } from "../camera.ts";
import { button, element, focusOn } from "../dom.ts";
import { answerCard, chooseButton, photoWithOutline, refusalCard } from "../parts.ts";
import { say } from "../texts.ts";

const PATIENCE_MS = 6000;
const PAUSE_MS = 120;

export function cameraScreen(app: App): Screen {
  const root = element("main", { className: "camera" });
  const finder = new Viewfinder(app, root);
  void finder.start();
  return { root, leave: () => finder.stop() };
}

class Viewfinder {
  readonly #app: App;
  readonly #root: HTMLElement;
  readonly #video = element("video", {
    muted: true, playsInline: true, attributes: { "aria-label": say("screen_live") },
  });
  readonly #hint = element("p", { className: "hint", attributes: { role: "status" } }, say("web_looking"));
  #camera: Camera | undefined;
  #stopped = false;
  /** Set while the visitor asked for an answer to this very frame. */
  #asked = false;

  constructor(app: App, root: HTMLElement) {
    this.#app = app;
    this.#root = root;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#root.replaceChildren(
      this.#video, element("div", { className: "finder", attributes: { "aria-hidden": "true" } }),
      button(say("back"), () => go(""), "button corner"),
      element("div", { className: "bottom" }, this.#hint, this.#controls()));
    try {
      this.#camera = await Camera.open(this.#video);
    } catch (error) {
      return this.#refuse(error);
    }
    if (this.#stopped) return this.#camera.close();
    if (this.#camera.hasTorch()) this.#addTorch();
    await this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#camera?.close();
    this.#camera = undefined;
  }

  #controls(): HTMLElement {
    return element("div", { className: "controls" },
      button(say("web_ask"), () => {
        this.#asked = true;
        this.#hint.textContent = say("results_looking");
      }, "button primary"),
      chooseButton(this.#app));
  }

  #addTorch(): void {
    let on = false;
    const torch = button(say("web_torch"), () => {
      this.#camera?.setTorch((on = !on));
      torch.setAttribute("aria-pressed", String(on));
    });
    torch.setAttribute("aria-pressed", "false");
    this.#root.querySelector(".controls")!.append(torch);
  }

  /** One frame after another, each when the one before has its answer. */
  async #look(): Promise<void> {
    const since = performance.now();
    while (!this.#stopped) {
      const frame = document.hidden || this.#app.collection === undefined ? null : await this.#camera!.frame();
      if (frame === null) {
        await pause(PAUSE_MS);
        continue;
      }
      const asked = this.#asked;
      const shown = drawn(frame);
      let answer: Answer;
      try {
        answer = await this.#app.client.call("recognise", frame);
      } catch (error) {
        return this.#refuse(error);
      }
      if (this.#stopped) return;
      if (answer.answer !== null || asked) return this.#show(shown, answer);
      if (!this.#asked && performance.now() - since > PATIENCE_MS) this.#hint.textContent = say("web_looking_still");
      await pause(PAUSE_MS);
    }
  }

  #show(frame: HTMLCanvasElement, answer: Answer): void {
    this.stop();
    this.#asked = false;
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", say(answer.answer?.outline ? "web_photo_outlined" : "web_photo"));
    navigator.vibrate?.(30);
    const card = answerCard(this.#app, answer, () => void this.start());
    this.#root.replaceChildren(photoWithOutline(frame, answer), card);
    focusOn(card);
    this.#hint.textContent = say("web_looking");
  }

  #refuse(error: unknown): void {
    this.stop();
    this.#root.replaceChildren(refusalCard(
      refusalData(error), button(say("web_retry"), () => void this.start()), chooseButton(this.#app, "button primary")));
  }
}

function drawn(frame: ImageBitmap): HTMLCanvasElement {
  const canvas = element("canvas", { width: frame.width, height: frame.height });
  canvas.getContext("2d")!.drawImage(frame, 0, 0);
  return canvas;
}

function pause(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration));
}
