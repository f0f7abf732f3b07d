import { barsOf } from './bars';
import { Note, Score } from './score';

/** Bars of one track that a melody model continues. */
export interface Excerpt {
  readonly score: Score;
  /** The tick of the piece at which it begins. */
  readonly start: number;
  readonly bars: number;
}

/** Return up to `most` bars of a track before a bar, as a score from tick 0; null if the track has no note there. */
export function excerptBefore(score: Score, track: number, bar: number, most: number): Excerpt | null {
  const all = barsOf(score);
  const end = all.numbered(bar).start;
  const from = all.numbered(Math.max(1, bar - most)).start;
  const inside = score.notes.filter((note) => note.track === track && note.onset >= from && note.onset < end);
  const first = inside[0];
  const info = score.tracks[track];
  if (!first || !info) return null;
  // Models read from the bar of the first note.
  const begin = all.at(first.onset);
  const notes = inside.map((note): Note => ({
    ...note,
    onset: note.onset - begin.start,
    duration: Math.min(note.duration, end - note.onset),
    track: 0,
  }));
  const at = <T extends { tick: number }>(changes: readonly T[]): T[] => {
    const before = changes.filter(({ tick }) => tick <= begin.start).at(-1);
    return before ? [{ ...before, tick: 0 }] : [];
  };
  const { meter } = begin;
  return {
    score: {
      ...score,
      tracks: [info],
      notes,
      tempos: at(score.tempos),
      meters: [{ tick: 0, beats: meter.beats, unit: meter.unit }],
      keys: at(score.keys),
    },
    start: begin.start,
    bars: bar - begin.number,
  };
}

/** Return what a model composed after an excerpt, as a candidate of the piece: its first track at the excerpt's place. */
export function candidateOf(score: Score, composed: Score, excerpt: Excerpt, track: number): Score {
  const ratio = score.ticksPerQuarter / composed.ticksPerQuarter;
  const notes = composed.notes
    .filter((note) => note.track === 0)
    .map((note) => ({
      ...note,
      onset: excerpt.start + Math.round(note.onset * ratio),
      duration: Math.max(1, Math.round(note.duration * ratio)),
      track,
    }));
  return { ...score, notes };
}
