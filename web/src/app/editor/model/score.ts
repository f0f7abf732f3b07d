import type { Schema } from '../../core/api/types';

/** A note; times are in ticks, `track` is an index into the tracks. The id is unique within the editor. */
export interface Note {
  readonly id: number;
  readonly onset: number;
  readonly duration: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly track: number;
}

/** A track. `source` is the track of the edited version whose controllers it keeps. */
export interface TrackInfo {
  readonly program: number;
  readonly isDrum: boolean;
  readonly name: string;
  readonly source: number | null;
}

export interface TempoChange {
  readonly tick: number;
  readonly bpm: number;
}

export interface MeterChange {
  readonly tick: number;
  readonly beats: number;
  readonly unit: number;
}

export interface KeyChange {
  readonly tick: number;
  readonly key: string;
}

/** The music of an edited song. Immutable: edits return another score, which shares unchanged notes. */
export interface Score {
  readonly ticksPerQuarter: number;
  readonly tracks: readonly TrackInfo[];
  /** In order of onset, then pitch. */
  readonly notes: readonly Note[];
  readonly tempos: readonly TempoChange[];
  readonly meters: readonly MeterChange[];
  readonly keys: readonly KeyChange[];
}

export type NotesAnswer = Schema<'NotesAnswer'>;
export type NotesRequest = Schema<'NotesRequest'>;

let lastId = 0;

/** Return an id that no note has. */
export function newId(): number {
  return ++lastId;
}

/** Return the notes in the order of a score. */
export function sorted(notes: readonly Note[]): readonly Note[] {
  return [...notes].sort((a, b) => a.onset - b.onset || a.pitch - b.pitch || a.id - b.id);
}

/** Return the score that the API describes. */
export function scoreOf(answer: NotesAnswer): Score {
  return {
    ticksPerQuarter: answer.ticks_per_quarter,
    tracks: answer.tracks.map(({ program, is_drum, name }, source) => ({
      program,
      isDrum: is_drum ?? false,
      name: name ?? '',
      source,
    })),
    notes: sorted(
      answer.notes.map((row) => {
        const [onset, duration, pitch, velocity, track] = row as [number, number, number, number, number];
        return { id: newId(), onset, duration, pitch, velocity, track };
      }),
    ),
    tempos: answer.tempos.map(({ tick, bpm }) => ({ tick, bpm })),
    meters: answer.meters.map(({ tick, meter }) => ({ tick, ...meterOf(meter) })),
    keys: answer.keys.map(({ tick, key }) => ({ tick, key })),
  };
}

/** Return the request that saves a score. */
export function requestOf(score: Score, baseNumber: number, label = ''): NotesRequest {
  return {
    base_number: baseNumber,
    label,
    tracks: score.tracks.map(({ program, isDrum, name, source }) => ({ program, is_drum: isDrum, name, source })),
    notes: score.notes.map(({ onset, duration, pitch, velocity, track }) => [onset, duration, pitch, velocity, track]),
    tempos: score.tempos.map(({ tick, bpm }) => ({ tick, bpm })),
    meters: score.meters.map(({ tick, beats, unit }) => ({ tick, meter: `${beats}/${unit}` })),
    keys: score.keys.map(({ tick, key }) => ({ tick, key })),
  };
}

/** Return beats and unit of a meter such as `6/8`. */
export function meterOf(text: string): { beats: number; unit: number } {
  const [beats = 4, unit = 4] = text.split('/').map(Number);
  return { beats, unit };
}

/** Return the tick at which the last note ends. */
export function endOf(score: Score): number {
  return score.notes.reduce((end, note) => Math.max(end, note.onset + note.duration), 0);
}
