/** Wait for the first page to be complete, so that storing the application does not delay it. */
const DELAY_MS = 3_000;

/** Start the service worker, and let it store the files that this page has loaded. Never throws. */
export async function startServiceWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  try {
    await navigator.serviceWorker.register('/service-worker.js');
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    active?.postMessage(loaded);
  } catch {
    // Browsers refuse it in private windows, for example, and `ng serve` has no service worker.
  }
}
