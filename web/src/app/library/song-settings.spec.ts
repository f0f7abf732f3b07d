import { Song } from '../shared/songs/song-list';
import { isAccompaniment, parameterRows, storedPrompt } from './song-settings';

const texts = { language: 'en', format: { number: (value: number) => String(value) }, eventCount: 'Events' } as const;

function song(parameters: Record<string, unknown>): Song {
  return { parameters } as Song;
}

describe('parameterRows', () => {
  it('names all settings of a melody model, and not its number of events', () => {
    const parameters = { bars: 16, style: 'jigs', key: 'D major', tempo: 140, strategy: 'top_k_top_p', top_p: 0.97 };
    expect(parameterRows(song({ length: 768, writer_version: 2, parameters }), texts)).toEqual([
      ['Bars', '16'],
      ['Style', 'Jigs'],
      ['Key', 'D major'],
      ['Tempo', '140 bpm'],
      ['Strategy', 'Top k top p'],
      ['Top p', '0.97'],
    ]);
  });

  it('leaves out what was left to an ensemble model', () => {
    const parameters = { bars: 32, style: 'any', parts: 'violin,piano', chords: 'any', candidates: 1 };
    expect(parameterRows(song({ parameters }), texts)).toEqual([
      ['Bars', '32'],
      ['Instruments', 'Violin, Piano'],
      ['Candidates', '1'],
    ]);
  });

  it('states the number of events of other models', () => {
    expect(parameterRows(song({ length: 100, parameters: { style: 'jazz' } }), texts)).toEqual([
      ['Events', '100'],
      ['Style', 'Jazz'],
    ]);
    expect(parameterRows(song({}), texts)).toEqual([]);
  });
});

describe('storedPrompt', () => {
  it('returns the prompt and whether it is accompanied', () => {
    const prompt = { bars: 4, song_id: 'a' };
    expect(storedPrompt(song({ prompt }))).toEqual(prompt);
    expect(storedPrompt(song({}))).toBeNull();
    expect(isAccompaniment(song({ prompt, parameters: { accompaniment: 'only' } }))).toBe(true);
    expect(isAccompaniment(song({ prompt }))).toBe(false);
  });
});
