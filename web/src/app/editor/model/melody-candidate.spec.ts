import { candidateOf, excerptBefore } from './melody-candidate';
import { mergeCandidate } from './merge';
import { Note, Score } from './score';

const note = (id: number, onset: number, duration: number, pitch: number, track: number): Note => ({
  id,
  onset,
  duration,
  pitch,
  velocity: 80,
  track,
});
const info = (name: string) => ({ program: 40, isDrum: false, name, source: null });
const score: Score = {
  ticksPerQuarter: 10,
  tracks: [info('A'), info('B')],
  notes: [note(1, 0, 40, 50, 0), note(2, 45, 50, 60, 1), note(3, 80, 10, 62, 1), note(4, 120, 10, 64, 1)],
  tempos: [
    { tick: 0, bpm: 90 },
    { tick: 40, bpm: 70 },
    { tick: 80, bpm: 50 },
  ],
  meters: [],
  keys: [{ tick: 0, key: 'D minor' }],
};

describe('excerptBefore', () => {
  it('has the track from the bar of its first note, cut at the bar line', () => {
    const excerpt = excerptBefore(score, 1, 3, 16);
    expect(excerpt).toMatchObject({ start: 40, bars: 1 });
    expect(excerpt?.score.notes).toMatchObject([{ onset: 5, duration: 35, pitch: 60, track: 0 }]);
    expect(excerpt?.score.tempos).toEqual([{ tick: 0, bpm: 70 }]);
    expect(excerpt?.score.meters).toEqual([{ tick: 0, beats: 4, unit: 4 }]);
    expect(excerptBefore(score, 1, 4, 1)?.start).toBe(80);
  });

  it('is missing where the track is silent', () => {
    expect(excerptBefore(score, 1, 1, 16)).toBeNull();
    expect(excerptBefore(score, 0, 3, 1)).toBeNull();
  });
});

describe('candidateOf', () => {
  it('puts composed notes at their place in the piece', () => {
    const excerpt = excerptBefore(score, 1, 3, 16)!;
    const composed: Score = {
      ...score,
      ticksPerQuarter: 20,
      tracks: [info('Melody')],
      notes: [note(9, 10, 70, 60, 0), note(8, 80, 40, 99, 0), note(7, 160, 20, 98, 0)],
    };
    const merged = mergeCandidate(score, candidateOf(score, composed, excerpt, 1), {
      use: 'replace',
      firstBar: 3,
      lastBar: 3,
      tracks: [1],
    });
    expect(merged.notes.map(({ onset, duration, pitch, track }) => [onset, duration, pitch, track])).toEqual([
      [0, 40, 50, 0],
      [45, 50, 60, 1],
      [80, 20, 99, 1],
      [120, 10, 64, 1],
    ]);
  });
});
