import { Signal, WritableSignal, computed, signal } from '@angular/core';
import type { Schema } from '../core/api/types';
import { LiveSequence, SequenceTrack } from '../core/player/sequence';
import { RollNote } from '../shared/midi/notes';

export type Generation = Schema<'GenerationView'>;

/** The piano roll of a piece in progress spans at least this. */
const MIN_SPAN_SECONDS = 12;

/** A generation with its current state and its notes so far. */
export class Piece {
  readonly state: WritableSignal<Generation>;
  readonly notes = signal<readonly RollNote[]>([]);
  /** Whether the connection was lost and is being restored. */
  readonly isDisconnected = signal(false);
  readonly isStopping = signal(false);
  /** Whether it has ended and its exact notes are loaded, or cannot be. */
  readonly isSettled = signal(false);
  /** The notes for the synthesiser while the piece is composed. */
  readonly live = new LiveSequence();
  /** The MIDI file of the finished piece. */
  midi: ArrayBuffer | null = null;

  constructor(state: Generation) {
    this.state = signal(state);
  }

  /** Seconds that the piano roll spans; for a piece in progress, an extrapolation of its final duration. */
  readonly span: Signal<number | null> = computed(() => {
    const state = this.state();
    if (this.isFinished && state.song_id) return state.duration_seconds ?? null;
    const last = this.notes().at(-1);
    if (!last || state.progress <= 0) return MIN_SPAN_SECONDS;
    const end = last[0] + last[1];
    // The first notes are a poor basis for the extrapolation: never leave more than half of the roll empty.
    return Math.max(MIN_SPAN_SECONDS, end, Math.min(last[0] / state.progress, 2 * end));
  });

  get id(): string {
    return this.state().id;
  }

  get isFinished(): boolean {
    return isFinished(this.state());
  }

  add(
    notes: readonly RollNote[],
    progress: number,
    trackIndices: readonly number[] = [],
    tracks: readonly SequenceTrack[] = [{ name: '', program: 0, isDrum: false }],
  ): void {
    this.live.add(notes, trackIndices, tracks);
    this.notes.update((all) => [...all, ...notes]);
    if (!this.isFinished) this.state.update((state) => ({ ...state, progress, status: 'running' }));
  }
}

export function isFinished(state: Generation): boolean {
  return state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled';
}
