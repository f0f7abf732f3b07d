const INITIAL_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;

/** Exponential backoff between attempts over a network that fails. */
export class Backoff {
  private delayMs = INITIAL_DELAY_MS;

  /** Resolve after the next delay, or at once when the browser goes online or the signal aborts. */
  async wait(signal?: AbortSignal): Promise<void> {
    const delayMs = this.delayMs;
    this.delayMs = Math.min(2 * this.delayMs, MAX_DELAY_MS);
    await delayOrOnline(delayMs, signal);
  }

  /** Start again with the shortest delay, after an attempt that succeeded. */
  reset(): void {
    this.delayMs = INITIAL_DELAY_MS;
  }
}

/** Load a chunk of the application, again and again until the network delivers it. */
export async function loadWithRetry<T>(load: () => Promise<T>): Promise<T> {
  const backoff = new Backoff();
  for (;;) {
    try {
      return await load();
    } catch {
      await backoff.wait();
    }
  }
}

function delayOrOnline(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    // An attempt cannot succeed while the browser is offline: wait for its `online` event instead.
    const timer = setTimeout(() => (navigator.onLine ? done() : undefined), delayMs);
    window.addEventListener('online', done);
    signal?.addEventListener('abort', done);
  });
}
