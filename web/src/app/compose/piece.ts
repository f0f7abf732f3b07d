import { signal } from '@angular/core';
import type { Schema } from '../core/api/types';
import { RollNote } from '../shared/midi/notes';

export type Generation = Schema<'GenerationView'>;

/** A generation that is followed, and its notes so far. */
export class Piece {
  readonly state;
  readonly notes = signal<readonly RollNote[]>([]);
  /** The connection was lost and is looked for. */
  readonly lost = signal(false);
  readonly stopping = signal(false);

  constructor(state: Generation) {
    this.state = signal(state);
  }

  get id(): string {
    return this.state().id;
  }

  get ended(): boolean {
    return isEnded(this.state());
  }

  add(notes: readonly RollNote[], progress: number): void {
    this.notes.update((all) => [...all, ...notes]);
    if (!this.ended) this.state.update((state) => ({ ...state, progress, status: 'running' }));
  }
}

export function isEnded(state: Generation): boolean {
  return state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled';
}
