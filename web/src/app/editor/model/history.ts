/** The states of an editor that can be returned to. Immutable. */
export class History<T> {
  private constructor(
    private readonly past: readonly T[],
    readonly present: T,
    private readonly future: readonly T[],
  ) {}

  static of<T>(present: T): History<T> {
    return new History<T>([], present, []);
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /** Add a state; what was undone is discarded. The same state again is no step. */
  push(state: T): History<T> {
    if (state === this.present) return this;
    return new History([...this.past.slice(1 - MAX_STEPS), this.present], state, []);
  }

  undo(): History<T> {
    const previous = this.past.at(-1);
    if (previous === undefined) return this;
    return new History(this.past.slice(0, -1), previous, [this.present, ...this.future]);
  }

  redo(): History<T> {
    const [next, ...rest] = this.future;
    return next === undefined ? this : new History([...this.past, this.present], next, rest);
  }
}

export const MAX_STEPS = 200;
