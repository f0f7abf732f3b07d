import { computed, effect, inject, signal, untracked } from '@angular/core';
import { RequestState } from '../core/api/request-state';
import { Session } from '../core/session/session';

/** Items that belong to the user, loaded when the session has one. Needs an injection context. */
export class UserItems<T> {
  private readonly session = inject(Session);
  private readonly request = new RequestState();
  readonly items = signal<readonly T[] | null>(null);
  readonly problem = computed(
    () => this.request.problem() ?? (this.session.user() ? null : this.session.restoreProblem()),
  );
  /** Whether items may still come: none are loaded, and there is a user or the session is not restored yet. */
  readonly isLoading = computed(
    () => this.items() === null && (this.session.user() !== null || !this.session.isRestored()),
  );

  constructor(private readonly fetchPage: () => Promise<{ items: readonly T[] }>) {
    effect(() => {
      if (this.session.user()) untracked(() => void this.load());
    });
  }

  async load(): Promise<void> {
    // The items are loaded once there is a user.
    if (!this.session.user() && this.session.restoreProblem()) return this.session.restore();
    await this.request.run(async () => this.items.set((await this.fetchPage()).items));
  }
}
