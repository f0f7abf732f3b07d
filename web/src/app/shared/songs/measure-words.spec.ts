import { measureWord, ordered, styles } from './measure-words';

const measures = {
  style_jazz: 0.7,
  repetitions_2: 0.5,
  scale_score: 0.9,
  notes: 3,
  style_pop: 0.29,
  style_rock: 0.001,
};

describe('measures', () => {
  it('come in their order, without styles and without a loop that is none', () => {
    expect(ordered({ ...measures, loop_start_bar: 0 }).map(([name]) => name)).toEqual([
      'notes',
      'scale_score',
      'repetitions_2',
    ]);
    expect(ordered({ loop_start_bar: 3, loop_period_bars: 2 })).toHaveLength(2);
  });

  it('tell the styles that are heard, the clearest first', () => {
    expect(styles(measures)).toEqual([
      { name: 'jazz', share: 0.7 },
      { name: 'pop', share: 0.29 },
    ]);
  });

  it('have names in both languages', () => {
    expect(measureWord('repetitions_2', 'es')).toBe('Frases repetidas de 2');
    expect(measureWord('some_new_one', 'en')).toBe('Some new one');
  });
});
