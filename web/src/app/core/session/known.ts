import { effect, inject, untracked } from '@angular/core';
import { Session } from './session';

/** Loads what an address names once it is known who asks, and anew when the address changes. For constructors. */
export function loadOnceKnown(id: () => string | undefined, load: (id: string) => unknown): void {
  const session = inject(Session);
  effect(() => {
    const wanted = id();
    if (wanted && session.settled()) untracked(() => void load(wanted));
  });
}
