import type { RollNote } from '../../shared/midi/notes';

/** A note of a sequence: times in seconds, pitch and velocity as MIDI numbers, index into the tracks. */
export interface SequenceNote {
  readonly onset: number;
  readonly duration: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly track: number;
}

/** A control change, pitch bend or program change: the time in seconds and the message's bytes for channel 0. */
export interface ControlMessage {
  readonly time: number;
  readonly track: number;
  readonly bytes: readonly number[];
}

/** One instrument: a General MIDI program from 0, of a drum kit if `isDrum`. */
export interface SequenceTrack {
  readonly name: string;
  readonly program: number;
  readonly isDrum: boolean;
}

export interface Beat {
  readonly time: number;
  readonly isDownbeat: boolean;
}

/** What the synthesiser plays. Notes and controls are sorted by time. */
export interface Sequence {
  readonly notes: readonly SequenceNote[];
  readonly controls: readonly ControlMessage[];
  readonly tracks: readonly SequenceTrack[];
  readonly beats: readonly Beat[];
  /** In seconds; of a piece in progress, the end of the notes so far. */
  readonly duration: number;
  readonly isComplete: boolean;
}

/** The sequence of a piece while it is composed: notes are added at any time. */
export class LiveSequence implements Sequence {
  readonly notes: SequenceNote[] = [];
  readonly controls: readonly ControlMessage[] = [];
  readonly beats: readonly Beat[] = [];
  tracks: readonly SequenceTrack[] = [];
  duration = 0;
  isComplete = false;

  add(notes: readonly RollNote[], trackIndices: readonly number[], tracks: readonly SequenceTrack[]): void {
    this.tracks = tracks;
    for (const [index, [onset, duration, pitch, velocity]] of notes.entries()) {
      this.notes.push({ onset, duration, pitch, velocity, track: trackIndices[index] ?? 0 });
      this.duration = Math.max(this.duration, onset + duration);
    }
    // Melodies are composed before their accompaniment, which begins at the start again.
    this.notes.sort((a, b) => a.onset - b.onset);
  }
}

/** Return the index of the first item at or after a time, in a sorted list. */
export function firstAtOrAfter<T>(items: readonly T[], time: number, timeOf: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(items[middle] as T) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
