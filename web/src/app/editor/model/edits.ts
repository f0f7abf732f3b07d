import { Bars } from './bars';
import { transposedKey } from './keys';
import { MeterChange, Note, Score, TrackInfo, newId, sorted } from './score';

/** The ids of selected notes. */
export type Selection = ReadonlySet<number>;
/** Notes without ids, from tick 0, that can be pasted anywhere. */
export interface Clip {
  readonly notes: readonly Omit<Note, 'id'>[];
}

const MAX_TICK = 2 ** 30;

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Return the selected notes in their order. */
export function selected(score: Score, selection: Selection): Note[] {
  return selection.size ? score.notes.filter((note) => selection.has(note.id)) : [];
}

/** Return the score with selected notes changed; values are kept within their ranges. */
export function changeNotes(score: Score, selection: Selection, change: (note: Note) => Partial<Note>): Score {
  if (!selection.size) return score;
  const notes = score.notes.map((note) => (selection.has(note.id) ? valid({ ...note, ...change(note) }) : note));
  return { ...score, notes: sorted(notes) };
}

function valid(note: Note): Note {
  return {
    ...note,
    onset: Math.round(clamp(note.onset, 0, MAX_TICK)),
    duration: Math.round(clamp(note.duration, 1, MAX_TICK)),
    pitch: Math.round(clamp(note.pitch, 0, 127)),
    velocity: Math.round(clamp(note.velocity, 1, 127)),
  };
}

export function addNotes(score: Score, notes: readonly Omit<Note, 'id'>[]): { score: Score; ids: Selection } {
  const added = notes.map((note) => valid({ ...note, id: newId() }));
  return {
    score: { ...score, notes: sorted([...score.notes, ...added]) },
    ids: new Set(added.map((note) => note.id)),
  };
}

export function removeNotes(score: Score, selection: Selection): Score {
  return selection.size ? { ...score, notes: score.notes.filter((note) => !selection.has(note.id)) } : score;
}

/** Move notes together: at the edges of time and pitch all of them stop. */
export function moveNotes(score: Score, selection: Selection, ticks: number, semitones: number): Score {
  const notes = selected(score, selection);
  if (!notes.length) return score;
  const first = Math.min(...notes.map((note) => note.onset));
  const lowest = notes.reduce((low, note) => Math.min(low, note.pitch), 127);
  const highest = notes.reduce((high, note) => Math.max(high, note.pitch), 0);
  const [time, pitch] = [Math.max(ticks, -first), clamp(semitones, -lowest, 127 - highest)];
  if (!time && !pitch) return score;
  return changeNotes(score, selection, (note) => ({ onset: note.onset + time, pitch: note.pitch + pitch }));
}

/** Change the lengths of notes by some ticks; none becomes shorter than `shortest`. */
export function resizeNotes(score: Score, selection: Selection, ticks: number, shortest: number): Score {
  return changeNotes(score, selection, ({ duration }) => ({
    duration: Math.max(Math.min(duration, shortest), duration + ticks),
  }));
}

/**
 * Transpose notes of pitched tracks. When these are all of them, keys move, too. Notes that would leave the range of
 * MIDI stop the whole selection.
 */
export function transposeNotes(score: Score, selection: Selection, semitones: number): Score {
  const pitched = score.notes.filter((note) => !score.tracks[note.track]?.isDrum);
  const moved = new Set(pitched.filter((note) => selection.has(note.id)).map((note) => note.id));
  const next = moveNotes(score, moved, 0, semitones);
  if (next === score || moved.size !== pitched.length) return next;
  const first = pitched[0] as Note;
  const actual = (next.notes.find((note) => note.id === first.id) as Note).pitch - first.pitch;
  return { ...next, keys: score.keys.map(({ tick, key }) => ({ tick, key: transposedKey(key, actual) })) };
}

/** Move onsets towards the grid of `step` ticks from each bar line, by a share `strength` of the way. */
export function quantiseNotes(score: Score, selection: Selection, step: number, strength = 1): Score {
  const bars = new Bars(score);
  return changeNotes(score, selection, (note) => {
    const { start } = bars.at(note.onset);
    const target = start + Math.round((note.onset - start) / step) * step;
    return { onset: note.onset + (target - note.onset) * strength };
  });
}

/** Vary onsets by up to a sixteenth of a quarter and velocities by up to 20, times `amount` (0 to 1). */
export function humaniseNotes(
  score: Score,
  selection: Selection,
  amount: number,
  random: () => number = Math.random,
): Score {
  // The sum of three is close to a bell curve: large deviations are rare, as with players.
  const deviation = () => ((random() + random() + random()) / 1.5 - 1) * amount;
  return changeNotes(score, selection, (note) => ({
    onset: note.onset + deviation() * (score.ticksPerQuarter / 16),
    velocity: note.velocity + deviation() * 20,
  }));
}

/** Copy notes; their times are relative to `from`, by default the first onset. */
export function copyNotes(score: Score, selection: Selection, from?: number): Clip {
  const notes = selected(score, selection);
  const start = from ?? notes.reduce((first, note) => Math.min(first, note.onset), Infinity);
  return { notes: notes.map(({ id: _, ...note }) => ({ ...note, onset: note.onset - start })) };
}

/** Paste notes at a tick, into the tracks that they came from or, if these no longer exist, the last one. */
export function pasteNotes(score: Score, clip: Clip, tick: number): { score: Score; ids: Selection } {
  const last = score.tracks.length - 1;
  return addNotes(
    score,
    clip.notes.map((note) => ({ ...note, onset: note.onset + tick, track: Math.min(note.track, last) })),
  );
}

/** Set the tempo from a tick on, or remove the change there with null; the first tempo cannot be removed. */
export function setTempo(score: Score, tick: number, bpm: number | null): Score {
  const others = score.tempos.filter((change) => change.tick !== tick);
  if (bpm === null) return tick === 0 ? score : { ...score, tempos: others };
  const tempos = [...others, { tick, bpm: clamp(bpm, 4, 1000) }];
  return { ...score, tempos: tempos.sort((a, b) => a.tick - b.tick) };
}

/** Set the meter from a bar line on, or remove the change there with null. Notes keep their times. */
export function setMeter(score: Score, tick: number, meter: Omit<MeterChange, 'tick'> | null): Score {
  const others = score.meters.filter((change) => change.tick !== tick);
  if (meter === null) return tick === 0 ? score : { ...score, meters: others };
  return { ...score, meters: [...others, { tick, ...meter }].sort((a, b) => a.tick - b.tick) };
}

export function addTrack(score: Score, track: Omit<TrackInfo, 'source'>): Score {
  return { ...score, tracks: [...score.tracks, { ...track, source: null }] };
}

export function changeTrack(score: Score, index: number, change: Partial<TrackInfo>): Score {
  return { ...score, tracks: score.tracks.map((track, place) => (place === index ? { ...track, ...change } : track)) };
}

/** Remove a track with its notes; the last one stays. */
export function removeTrack(score: Score, index: number): Score {
  if (score.tracks.length < 2) return score;
  return {
    ...score,
    tracks: score.tracks.filter((_, place) => place !== index),
    notes: score.notes
      .filter((note) => note.track !== index)
      .map((note) => (note.track > index ? { ...note, track: note.track - 1 } : note)),
  };
}
