import {
  Model,
  Parameter,
  applicableParameters,
  choicesOf,
  isInvalidSeed,
  mainVersions,
  presetValues,
  randomValues,
  withValue,
} from './draft';
import { promptRequest } from './prompt-request';

const parameter = (name: string, rest: Partial<Parameter>): Parameter => ({
  name,
  label: name,
  kind: 'number',
  default: 1,
  group: 'basic',
  ...rest,
});

const parameters = [
  parameter('strategy', { kind: 'choice', choices: ['greedy', 'sampling', 'beam'], default: 'sampling' }),
  parameter('temperature', { minimum: 0.1, maximum: 2, only_with: { strategy: ['sampling'] } }),
  parameter('beam_width', { kind: 'int', minimum: 2, maximum: 8, default: 4, only_with: { strategy: ['beam'] } }),
  parameter('top_k', { kind: 'int', minimum: 0, maximum: 50, default: 0, excludes: ['top_p'] }),
  parameter('top_p', { minimum: 0, maximum: 1, default: 1 }),
];

const model: Model = {
  name: 'melody',
  version: '1',
  kind: 'melody',
  title: 'Melody',
  description: '',
  default: true,
  length: { minimum: 8, default: 32, maximum: 64 },
  parameters,
  presets: { calm: { temperature: 0.6, top_p: 1 }, sure: { strategy: 'beam', beam_width: 8 } },
};

describe('withValue', () => {
  it('keeps only what differs from the defaults', () => {
    expect(withValue(parameters, {}, 'temperature', 1.5)).toEqual({ temperature: 1.5 });
    expect(withValue(parameters, { temperature: 1.5 }, 'temperature', 1)).toEqual({});
  });

  it('drops values that the new value excludes, in both directions', () => {
    expect(withValue(parameters, { top_p: 0.9 }, 'top_k', 5)).toEqual({ top_k: 5 });
    expect(withValue(parameters, { top_k: 5 }, 'top_p', 0.9)).toEqual({ top_p: 0.9 });
  });

  it('drops values that no longer apply', () => {
    expect(withValue(parameters, { temperature: 1.5 }, 'strategy', 'beam')).toEqual({ strategy: 'beam' });
    expect(applicableParameters(parameters, {}).map((each) => each.name)).not.toContain('beam_width');
  });
});

describe('mainVersions', () => {
  it('keeps the version of each model that composes most requests for it', () => {
    const versions = [
      { ...model, version: '1.0.0', share: 0.75 },
      { ...model, version: '1.1.0', share: 0.25 },
      { ...model, name: 'other', version: '1.0.0', share: 0 },
      { ...model, name: 'other', version: '2.0.0', share: 1 },
    ];
    expect(mainVersions(versions).map((each) => `${each.name}@${each.version}`)).toEqual([
      'melody@1.0.0',
      'other@2.0.0',
    ]);
  });
});

describe('presetValues', () => {
  it('leaves out default values', () => {
    expect(presetValues(model, 'calm')).toEqual({ temperature: 0.6 });
    expect(presetValues(model, 'sure')).toEqual({ strategy: 'beam', beam_width: 8 });
  });
});

describe('randomValues', () => {
  it('stays inside every range and never sets values that exclude each other', () => {
    for (let seed = 0; seed < 200; seed++) {
      let state = seed;
      const random = () => ((state = (state * 16807 + 11) % 2147483647) / 2147483647 + 1) % 1;
      const values = randomValues(model, random);
      expect('top_k' in values && 'top_p' in values).toBe(false);
      for (const [name, value] of Object.entries(values)) {
        const found = parameters.find((each) => each.name === name) as Parameter;
        if (typeof value === 'number') {
          expect(value).toBeGreaterThanOrEqual(found.minimum as number);
          expect(value).toBeLessThanOrEqual(found.maximum as number);
        }
      }
    }
  });
});

describe('isInvalidSeed', () => {
  it('accepts whole numbers that JSON represents exactly', () => {
    for (const seed of ['0', '42', '9007199254740991']) expect(isInvalidSeed(seed)).toBe(false);
    for (const seed of ['', '-1', '1.5', 'x', '9007199254740992']) expect(isInvalidSeed(seed)).toBe(true);
  });
});

describe('parameters of ensemble models', () => {
  const parts = parameter('parts', {
    kind: 'choice',
    choices: ['any', 'violin', 'cello'],
    default: 'any',
    max_choices: 3,
  });
  const tempo = parameter('tempo', { minimum: 30, maximum: 280, default: 120, optional: true });

  it('combine several choices, none for the default', () => {
    expect(choicesOf(parts, 'any')).toEqual([]);
    expect(choicesOf(parts, 'violin, violin, cello')).toEqual(['violin', 'violin', 'cello']);
  });

  it('keep the default of an optional value once it is set, and leave it to the model without', () => {
    expect(withValue([tempo], {}, 'tempo', 120)).toEqual({ tempo: 120 });
    expect(withValue([tempo], { tempo: 90 }, 'tempo', null)).toEqual({});
  });

  it('are not varied at random where they are left open or fit one key only', () => {
    const chords = parameter('chords', { kind: 'choice', choices: ['any', 'C | F'], default: 'any', custom: 'chords' });
    expect(randomValues({ ...model, presets: {}, parameters: [tempo, chords] }, () => 0.9)).toEqual({});
  });
});

describe('promptRequest', () => {
  const prompt = { title: 'Song', songId: 'a', bars: null };

  it('names the bars and tracks that are replaced', () => {
    expect(promptRequest({ ...prompt, use: 'replace', firstBar: 3, tracks: [2] })).toEqual({
      song_id: 'a',
      use: 'replace',
      first_bar: 3,
      last_bar: 3,
      tracks: [2],
    });
    expect(promptRequest({ ...prompt, use: 'accompany' })).toEqual({ song_id: 'a', use: 'accompany' });
    expect(promptRequest({ ...prompt, bars: 4, use: 'continue' })).toEqual({ song_id: 'a', bars: 4 });
  });
});
