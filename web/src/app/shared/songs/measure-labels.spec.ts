import { measureLabel, orderedMeasures, topStyles } from './measure-labels';

const measures = {
  style_jazz: 0.7,
  repetitions_2: 0.5,
  scale_score: 0.9,
  notes: 3,
  style_pop: 0.29,
  style_rock: 0.001,
};

describe('measures', () => {
  it('are in display order, without styles and without an empty loop', () => {
    expect(orderedMeasures({ ...measures, loop_start_bar: 0 }).map(([name]) => name)).toEqual([
      'notes',
      'scale_score',
      'repetitions_2',
    ]);
    expect(orderedMeasures({ loop_start_bar: 3, loop_period_bars: 2 })).toHaveLength(2);
  });

  it('contain the styles, the most probable first', () => {
    expect(topStyles(measures)).toEqual([
      { name: 'jazz', probability: 0.7 },
      { name: 'pop', probability: 0.29 },
    ]);
  });

  it('have labels in both languages', () => {
    expect(measureLabel('repetitions_2', 'es')).toBe('Frases repetidas de 2');
    expect(measureLabel('some_new_one', 'en')).toBe('Some new one');
  });
});
