/** The page's side of the worker: calls that answer with a promise. */
import { Refusal } from "../core/refusal.ts";
import type { CallName, Calls, Reply, Request } from "../worker/messages.ts";

interface Waiting {
  readonly take: (result: unknown) => void;
  readonly refuse: (error: Refusal) => void;
}

export class Client {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #number = 0;

  constructor(onProgress: (share: number) => void) {
    this.#worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { name: "recogniser" });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ("progress" in data) return onProgress(data.progress);
      const waiting = this.#waiting.get(data.number);
      this.#waiting.delete(data.number);
      if ("refusal" in data) waiting?.refuse(new Refusal(data.refusal.kind, data.refusal.detail));
      else waiting?.take(data.result);
    };
    this.#worker.onerror = (event) => {
      const error = new Refusal("unexpected", event.message ?? "the worker stopped");
      for (const waiting of this.#waiting.values()) waiting.refuse(error);
      this.#waiting.clear();
    };
  }

  /** Asks the worker; bitmaps among the values move there. */
  call<T extends CallName>(call: T, ...values: Parameters<Calls[T]>): Promise<ReturnType<Calls[T]>> {
    const number = ++this.#number;
    const moved = values.filter((value): value is ImageBitmap => value instanceof ImageBitmap);
    return new Promise((take, refuse) => {
      this.#waiting.set(number, { take: take as (result: unknown) => void, refuse });
      const request: Request = { number, call, values };
      this.#worker.postMessage(request, moved);
    });
  }
}
