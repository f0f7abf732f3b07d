import { Signal, WritableSignal, computed, signal } from '@angular/core';
import type { Schema } from '../core/api/types';
import { RollNote } from '../shared/midi/notes';

export type Generation = Schema<'GenerationView'>;

/** A generation that is followed, and its notes so far. */
export class Piece {
  readonly state: WritableSignal<Generation>;
  readonly notes = signal<readonly RollNote[]>([]);
  /** The connection was lost and is looked for. */
  readonly lost = signal(false);
  readonly stopping = signal(false);

  constructor(state: Generation) {
    this.state = signal(state);
  }

  /** Seconds that its roll spans: of a piece in progress, what it will be if it goes on like this. */
  readonly span: Signal<number | null> = computed(() => {
    const state = this.state();
    if (state.status === 'succeeded') return state.duration_seconds ?? null;
    const last = this.notes().at(-1);
    return last && state.progress > 0 ? Math.max(last[0] + last[1], last[0] / state.progress) : 12;
  });

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
