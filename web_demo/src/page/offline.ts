/** The service worker's side of the page: offline after the first visit, and told when there is something newer. */

export interface OfflineEvents {
  ready(): void;
  failed(): void;
  /** `take` loads the page with what is newer. */
  newer(take: () => void): void;
}

export async function keepOffline(events: OfflineEvents): Promise<void> {
  const workers = navigator.serviceWorker;
  // Pages of an insecure address have none; they work as long as there is a network.
  if (workers === undefined) return;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await workers.register("./service-worker.js", { updateViaCache: "none" });
  } catch {
    return;
  }
  let reloading = false;
  workers.addEventListener("controllerchange", () => {
    if (reloading) location.reload();
  });
  const watch = (worker: ServiceWorker | null) => worker?.addEventListener("statechange", () => {
    if (worker.state === "redundant") events.failed();
    if (worker.state === "activated" && !reloading) events.ready();
    if (worker.state === "installed" && workers.controller !== null) offer(worker);
  });
  const offer = (worker: ServiceWorker) => events.newer(() => {
    reloading = true;
    worker.postMessage("take over");
  });
  if (registration.waiting !== null && workers.controller !== null) offer(registration.waiting);
  watch(registration.installing);
  registration.addEventListener("updatefound", () => watch(registration.installing));
}
