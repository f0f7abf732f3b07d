import { Bars, TempoMap, barsOf } from './bars';
import {
  addNotes,
  addTrack,
  changeNotes,
  copyNotes,
  humaniseNotes,
  moveNotes,
  pasteNotes,
  quantiseNotes,
  removeNotes,
  removeTrack,
  resizeNotes,
  setMeter,
  setTempo,
  transposeNotes,
} from './edits';
import { History } from './history';
import { pitchName, transposedKey } from './keys';
import { fileTracks, matchTracks, mergeCandidate } from './merge';
import { NoteIndex } from './note-index';
import { Note, NotesAnswer, Score, requestOf, scoreOf } from './score';

const ANSWER: NotesAnswer = {
  version: 3,
  title: 'Minuet',
  ticks_per_quarter: 480,
  tracks: [
    { program: 40, is_drum: false, name: 'Violin' },
    { program: 42, is_drum: false, name: 'Cello' },
  ],
  notes: [
    [0, 480, 74, 80, 0],
    [500, 460, 77, 80, 0],
    [960, 480, 81, 80, 0],
    [0, 1440, 50, 80, 1],
  ],
  tempos: [{ tick: 0, bpm: 96 }],
  meters: [{ tick: 0, meter: '3/4' }],
  keys: [{ tick: 0, key: 'D minor' }],
  chords: [],
};

const score = scoreOf(ANSWER);
const all = new Set(score.notes.map((note) => note.id));
const rows = (of: Score) => of.notes.map(({ onset, duration, pitch, track }) => [onset, duration, pitch, track]);
const only = (pitch: number) => new Set(score.notes.filter((note) => note.pitch === pitch).map((note) => note.id));
const noteOf = (of: Score, pitch: number) => of.notes.find((note) => note.pitch === pitch) as Note;

describe('a score', () => {
  it('is saved as it was read', () => {
    const request = requestOf(score, 3, 'mine');
    expect([...request.notes].sort()).toEqual([...ANSWER.notes].sort());
    expect([request.base_number, request.label, request.meters]).toEqual([3, 'mine', ANSWER.meters]);
    expect(request.tracks.map((track) => track.source)).toEqual([0, 1]);
  });
});

describe('edits', () => {
  it('move notes together, and stop them at the edges', () => {
    const moved = moveNotes(score, all, -9999, 60);
    expect(rows(moved)).toEqual(rows(changeNotes(score, all, (note) => ({ pitch: note.pitch + 46 }))));
    expect(moveNotes(score, new Set(), 10, 1)).toBe(score);
  });

  it('resize notes to no less than the grid, but never lengthen them by shortening', () => {
    expect(noteOf(resizeNotes(score, only(74), -9999, 120), 74).duration).toBe(120);
    expect(noteOf(resizeNotes(score, only(74), -10, 960), 74).duration).toBe(480);
  });

  it('quantise from the bar line, by a share of the way', () => {
    expect(noteOf(quantiseNotes(score, all, 480), 77).onset).toBe(480);
    expect(noteOf(quantiseNotes(score, all, 480, 0.5), 77).onset).toBe(490);
    const uneven = setMeter(score, 700, { beats: 4, unit: 4 });
    expect(noteOf(quantiseNotes(uneven, all, 480), 81).onset).toBe(1180);
  });

  it('transpose keys with all pitched notes only, and no drums', () => {
    expect(transposeNotes(score, all, 2).keys[0]?.key).toBe('E minor');
    expect(transposeNotes(score, only(74), 2).keys[0]?.key).toBe('D minor');
    const drums: Score = { ...score, tracks: [{ ...score.tracks[0]!, isDrum: true }, score.tracks[1]!] };
    expect(transposeNotes(drums, all, 2).notes.map((note) => note.pitch)).toEqual([52, 74, 77, 81]);
    // 81 would leave the range: the shift that remains is that of the key.
    expect(transposeNotes(score, all, 60).keys[0]?.key).toBe(transposedKey('D minor', 46));
  });

  it('humanise by at most the amount, and not at all by none', () => {
    const moved = humaniseNotes(score, all, 1, () => 0.999);
    expect(noteOf(moved, 77).onset).toBeLessThanOrEqual(530);
    expect(noteOf(moved, 77).onset).toBeGreaterThan(520);
    expect(noteOf(moved, 77).velocity).toBe(100);
    expect(rows(humaniseNotes(score, all, 0))).toEqual(rows(score));
  });

  it('copy and paste keep distances and tracks', () => {
    const clip = copyNotes(score, new Set([...only(77), ...only(50)]));
    const { score: pasted, ids } = pasteNotes(score, clip, 2000);
    expect(ids.size).toBe(2);
    expect(rows(pasted).slice(-2)).toEqual([
      [2000, 1440, 50, 1],
      [2500, 460, 77, 0],
    ]);
  });

  it('add and remove notes and tracks', () => {
    const added = addNotes(score, [{ onset: -5, duration: 0, pitch: 140, velocity: 0, track: 0 }]);
    expect(added.score.notes[2]).toMatchObject({ onset: 0, duration: 1, pitch: 127, velocity: 1 });
    expect(removeNotes(added.score, added.ids).notes).toEqual(score.notes);
    const removed = removeTrack(score, 0);
    expect(rows(removed)).toEqual([[0, 1440, 50, 0]]);
    expect(removed.tracks[0]?.source).toBe(1);
    expect(removeTrack(removed, 0)).toBe(removed);
    expect(addTrack(score, { program: 73, isDrum: false, name: 'Flute' }).tracks[2]?.source).toBeNull();
  });

  it('keep the first tempo and meter', () => {
    const changed = setTempo(setTempo(score, 1440, 5000), 0, 80);
    expect(changed.tempos).toEqual([
      { tick: 0, bpm: 80 },
      { tick: 1440, bpm: 1000 },
    ]);
    expect(setTempo(changed, 0, null)).toBe(changed);
    expect(setTempo(changed, 1440, null).tempos).toHaveLength(1);
    expect(setMeter(score, 0, null)).toBe(score);
  });
});

describe('Bars', () => {
  it('follow the meters, and a change within a bar begins a new one', () => {
    const bars = new Bars({
      ticksPerQuarter: 480,
      meters: [
        { tick: 0, beats: 3, unit: 4 },
        { tick: 2000, beats: 6, unit: 8 },
      ],
    });
    expect([bars.at(0).number, bars.at(1440).number, bars.at(1999).number, bars.at(2000).number]).toEqual([1, 2, 2, 3]);
    expect([bars.numbered(2).length, bars.numbered(4).start, bars.numbered(3).beat]).toEqual([560, 3440, 720]);
    expect(bars.position(2720)).toEqual({ bar: 3, beat: 2 });
    expect(bars.tick(3, 2)).toBe(2720);
    expect(barsOf(score).count).toBe(1);
  });
});

describe('TempoMap', () => {
  it('converts through tempo changes and back', () => {
    const map = new TempoMap({
      ticksPerQuarter: 480,
      tempos: [
        { tick: 0, bpm: 60 },
        { tick: 960, bpm: 120 },
      ],
    });
    expect(map.seconds(1440)).toBeCloseTo(2.5);
    expect(map.tick(2.5)).toBeCloseTo(1440);
  });
});

describe('History', () => {
  it('undoes and redoes, and forgets what was undone with the next edit', () => {
    let history = History.of(1).push(2).push(2).push(3);
    history = history.undo();
    expect([history.present, history.canRedo]).toEqual([2, true]);
    expect(history.redo().present).toBe(3);
    history = history.push(4);
    expect([history.canRedo, history.undo().undo().undo().present]).toEqual([false, 1]);
  });
});

describe('NoteIndex', () => {
  it('finds long notes that began before the range', () => {
    const index = new NoteIndex(score.notes);
    expect(index.range(1000, 1100)[0]).toBe(0);
    expect(index.range(1440, 9999)).toEqual([4, 4]);
    expect(index.range(0, 400)[1]).toBe(2);
  });
});

describe('mergeCandidate', () => {
  const candidate = scoreOf({
    ...ANSWER,
    ticks_per_quarter: 960,
    tracks: [...ANSWER.tracks, { program: 73, is_drum: false, name: 'Flute' }],
    notes: [
      [0, 960, 60, 90, 0],
      [2880, 960, 62, 90, 0],
      [0, 960, 30, 90, 1],
      [0, 960, 90, 90, 2],
    ],
    meters: [
      { tick: 0, meter: '3/4' },
      { tick: 2880, meter: '4/4' },
    ],
  });

  it('replaces bars of some tracks only', () => {
    const merged = mergeCandidate(score, candidate, { use: 'replace', firstBar: 1, lastBar: 1, tracks: [0] });
    expect(rows(merged)).toEqual([
      [0, 1440, 50, 1],
      [0, 480, 60, 0],
      [0, 480, 90, 2],
    ]);
    expect(merged.meters).toEqual(score.meters);
  });

  it('adds tracks', () => {
    const merged = mergeCandidate(score, candidate, { use: 'accompany' });
    expect(merged.tracks.map((track) => [track.name, track.source])).toEqual([
      ['Violin', 0],
      ['Cello', 1],
      ['Flute', null],
    ]);
    expect(merged.notes).toHaveLength(5);
    expect(score.notes.every((note) => merged.notes.includes(note))).toBe(true);
  });

  it('adds bars with their meters', () => {
    const merged = mergeCandidate(score, candidate, { use: 'continue' });
    expect(rows(merged).at(-1)).toEqual([1440, 480, 62, 0]);
    expect(merged.notes).toHaveLength(5);
    expect(merged.meters[1]).toEqual({ tick: 1440, beats: 4, unit: 4 });
  });

  it('matches tracks in order, also where one has become empty', () => {
    expect(matchTracks(candidate.tracks, candidate.tracks.slice(1))).toEqual([1, 2]);
    expect(matchTracks(score.tracks, candidate.tracks)).toEqual([0, 1, null]);
    const withEmpty: Score = { ...score, tracks: [{ ...score.tracks[0]! }, ...score.tracks], notes: [] };
    expect(
      fileTracks({ ...withEmpty, notes: score.notes.map((note) => ({ ...note, track: note.track + 1 })) }, [0, 2]),
    ).toEqual([2]);
  });
});

describe('names', () => {
  it('are spelled as the key requires', () => {
    expect([pitchName(60), pitchName(61), pitchName(61, 'F minor')]).toEqual(['C4', 'C♯4', 'D♭4']);
    expect(transposedKey('Bb minor', -1)).toBe('A minor');
  });
});
