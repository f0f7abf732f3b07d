import { Note } from './score';

/** Finds the notes of a time range without looking at all of them. */
export class NoteIndex {
  /** The largest end of the notes up to each one. */
  private readonly ends: Float64Array;

  /** `notes` are in order of onset. */
  constructor(readonly notes: readonly Note[]) {
    this.ends = new Float64Array(notes.length);
    let end = 0;
    notes.forEach((note, index) => (this.ends[index] = end = Math.max(end, note.onset + note.duration)));
  }

  /** Return the range of indexes that holds all notes that sound between two ticks, and few others. */
  range(from: number, to: number): [first: number, stop: number] {
    const first = search(this.notes.length, (index) => (this.ends[index] as number) > from);
    return [first, search(this.notes.length, (index) => (this.notes[index] as Note).onset >= to)];
  }
}

/** Return the first index for which the condition holds; it holds for all later ones. */
function search(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
