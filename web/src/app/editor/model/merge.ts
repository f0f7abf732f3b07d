import { barsOf } from './bars';
import { Note, Score, TrackInfo, newId, sorted } from './score';

/** What a model composed with a score: bars that it replaced, tracks that it added, or bars after the last one. */
export type Change =
  | {
      readonly use: 'replace';
      readonly firstBar: number;
      readonly lastBar: number;
      readonly tracks: readonly number[];
    }
  | { readonly use: 'accompany' }
  | { readonly use: 'continue' };

/**
 * Return the score with the composed part of a candidate, and nothing else of it: all other notes, tracks and changes
 * stay exactly as they are.
 */
export function mergeCandidate(score: Score, candidate: Score, change: Change): Score {
  const ratio = score.ticksPerQuarter / candidate.ticksPerQuarter;
  const rescaled = (tick: number) => Math.round(tick * ratio);
  const places = matchTracks(score.tracks, candidate.tracks);
  const tracks = [...score.tracks];
  const target = candidate.tracks.map((track, index) => {
    const place = places[index] ?? null;
    if (place !== null) return place;
    tracks.push({ ...track, source: null });
    return tracks.length - 1;
  });
  const composed = candidate.notes.map((note): Note => ({
    ...note,
    id: newId(),
    onset: rescaled(note.onset),
    duration: Math.max(1, rescaled(note.onset + note.duration) - rescaled(note.onset)),
    track: target[note.track] as number,
  }));
  const isNew = (track: number) => track >= score.tracks.length;
  if (change.use === 'accompany') {
    return { ...score, tracks, notes: sorted([...score.notes, ...composed.filter((note) => isNew(note.track))]) };
  }
  const bars = barsOf(score);
  if (change.use === 'continue') {
    const end = bars.numbered(bars.count + 1).start;
    const after = <T extends { tick: number }>(changes: readonly T[]) =>
      changes.map((each) => ({ ...each, tick: rescaled(each.tick) })).filter((each) => each.tick >= end);
    return {
      ...score,
      tracks,
      notes: sorted([...score.notes, ...composed.filter((note) => note.onset >= end)]),
      tempos: [...score.tempos.filter(({ tick }) => tick < end), ...after(candidate.tempos)],
      meters: [...score.meters.filter(({ tick }) => tick < end), ...after(candidate.meters)],
    };
  }
  const [from, to] = [bars.numbered(change.firstBar).start, bars.numbered(change.lastBar + 1).start];
  const isReplaced = (note: Note) =>
    note.onset >= from && note.onset < to && (isNew(note.track) || change.tracks.includes(note.track));
  const kept = score.notes.filter((note) => !isReplaced(note));
  return { ...score, tracks, notes: sorted([...kept, ...composed.filter(isReplaced)]) };
}

/** Return for each track of a candidate the track of the score that it is, or null for a new one; both keep their order. */
export function matchTracks(own: readonly TrackInfo[], others: readonly TrackInfo[]): (number | null)[] {
  let next = 0;
  return others.map((other) => {
    const place = own.findIndex((track, index) => index >= next && isSame(track, other));
    if (place < 0) return null;
    next = place + 1;
    return place;
  });
}

/** A file names an unnamed track after its instrument. */
function isSame(own: TrackInfo, other: TrackInfo): boolean {
  return own.program === other.program && own.isDrum === other.isDrum && (!own.name || own.name === other.name);
}

/** Return the numbers, from 1, that tracks have in the file of a score, which holds no empty ones. */
export function fileTracks(score: Score, tracks: readonly number[]): number[] {
  const used = [...new Set(score.notes.map((note) => note.track))].sort((a, b) => a - b);
  return tracks.flatMap((track) => (used.includes(track) ? [used.indexOf(track) + 1] : []));
}
