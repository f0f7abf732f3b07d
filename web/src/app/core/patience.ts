const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Longer and longer pauses between attempts over a network that fails. */
export class Patience {
  private next = FIRST_PAUSE_MS;

  /** Resolves after the next pause, or at once when the network is back or nobody waits any more. */
  async wait(until?: AbortSignal): Promise<void> {
    const milliseconds = this.next;
    this.next = Math.min(2 * this.next, LONGEST_PAUSE_MS);
    await pauseOrOnline(milliseconds, until);
  }

  /** Something came through: the next pause is short again. */
  renew(): void {
    this.next = FIRST_PAUSE_MS;
  }
}

/** Loads a part of the pages; what a lost connection kept away comes when it is back. */
export async function lazily<T>(load: () => Promise<T>): Promise<T> {
  const patience = new Patience();
  for (;;) {
    try {
      return await load();
    } catch {
      await patience.wait();
    }
  }
}

function pauseOrOnline(milliseconds: number, until?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      until?.removeEventListener('abort', done);
      resolve();
    };
    // While the browser knows that there is no network, nothing is tried.
    const timer = setTimeout(() => (navigator.onLine ? done() : undefined), milliseconds);
    window.addEventListener('online', done);
    until?.addEventListener('abort', done);
  });
}
