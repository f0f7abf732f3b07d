const PREFIX = 'euterpe-kept-';

/** Whether this browser can store pieces and the application: in secure contexts only. */
export function canStore(): boolean {
  return 'caches' in globalThis && 'serviceWorker' in navigator;
}

/** Return the name of the cache with the pieces that a user keeps. */
export function cacheNameOf(userId: string): string {
  return PREFIX + userId;
}

/** Return the names of the caches with kept pieces: at most the one of the user of this browser. */
export async function keptCacheNames(): Promise<string[]> {
  if (!canStore()) return [];
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Delete the kept pieces of all users but this one. Never throws. */
export async function forgetPieces(exceptUserId: string | null): Promise<void> {
  try {
    const names = await keptCacheNames();
    const others = names.filter((name) => exceptUserId === null || name !== cacheNameOf(exceptUserId));
    await Promise.all(others.map((name) => caches.delete(name)));
  } catch {
    // Storage is disabled, so that nothing is kept.
  }
}
