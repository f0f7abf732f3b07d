/** Run a task under a named lock that all tabs of this browser share. */
export function withLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  // Web Locks are absent outside secure contexts. The auth service then accepts a used refresh token for ten seconds.
  const locks = typeof navigator === 'undefined' ? undefined : (navigator.locks as LockManager | undefined);
  return locks ? locks.request(name, task) : task();
}
