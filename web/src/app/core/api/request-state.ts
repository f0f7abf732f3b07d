import { signal } from '@angular/core';
import { Problem } from './problem';

/** The state of a request that a page or form can repeat. */
export class RequestState {
  readonly isPending = signal(false);
  /** The problem of the last attempt, if it failed. */
  readonly problem = signal<Problem | null>(null);

  /** Run the request. Returns whether it succeeded; otherwise `problem` is set. */
  async run(request: () => Promise<unknown>): Promise<boolean> {
    this.isPending.set(true);
    this.problem.set(null);
    try {
      await request();
      return true;
    } catch (error) {
      this.problem.set(Problem.from(error));
      return false;
    } finally {
      this.isPending.set(false);
    }
  }
}
