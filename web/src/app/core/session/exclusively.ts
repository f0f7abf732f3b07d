/** Runs a task while no other page of this browser runs one of the same name. */
export function exclusively<T>(name: string, task: () => Promise<T>): Promise<T> {
  // Absent outside of secure contexts; then the ten seconds that auth gives for lost answers do.
  const locks = typeof navigator === 'undefined' ? undefined : (navigator.locks as LockManager | undefined);
  return locks ? locks.request(name, task) : task();
}
