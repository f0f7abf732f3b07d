/** A note: onset and duration in seconds, MIDI pitch and velocity, index of the part. */
export type RollNote = readonly [onset: number, duration: number, pitch: number, velocity: number, part?: number];

/** Return the end of the last note, in seconds. */
export function endOf(notes: readonly RollNote[]): number {
  return notes.reduce((end, note) => Math.max(end, note[0] + note[1]), 0);
}
