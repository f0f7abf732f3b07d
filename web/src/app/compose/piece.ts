import { Signal, WritableSignal, computed, signal } from '@angular/core';
import type { Schema } from '../core/api/types';
import { RollNote } from '../shared/midi/notes';

export type Generation = Schema<'GenerationView'>;

const LEAST_SECONDS = 12;

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
    if (this.ended && state.song_id) return state.duration_seconds ?? null;
    const last = this.notes().at(-1);
    if (!last || state.progress <= 0) return LEAST_SECONDS;
    const end = last[0] + last[1];
    // The first notes tell little of the whole: never more than as much again is left empty.
    return Math.max(LEAST_SECONDS, end, Math.min(last[0] / state.progress, 2 * end));
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
