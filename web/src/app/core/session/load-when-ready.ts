import { effect, inject, untracked } from '@angular/core';
import { Session } from './session';

/** Load the object with this id once the session is restored, and again when the id changes. Needs an injection context. */
export function loadWhenReady(id: () => string | undefined, load: (id: string) => unknown): void {
  const session = inject(Session);
  effect(() => {
    const current = id();
    if (current && session.isRestored()) untracked(() => void load(current));
  });
}
