import { Bars } from './bars';
import { chordParts, detectedProgression, progressionFrom, progressionText, readProgression } from './progression';

describe('readProgression', () => {
  it('reads bars with lines, and a chord in each bar without', () => {
    expect(readProgression('| Am | F G7 | - |').bars).toEqual([['Am'], ['F', 'G7'], ['-']]);
    expect(readProgression('Am F B♭ C♯m7').bars).toEqual([['Am'], ['F'], ['Bb'], ['C#m7']]);
    expect(readProgression('  ')).toEqual({ bars: [], error: null });
  });

  it('names the bar and the chord that it cannot read', () => {
    expect(readProgression('C | H7').error).toEqual({ bar: 2, chord: 'H7' });
    expect(readProgression('C | Am F G').error).toEqual({ bar: 2 });
    expect(readProgression('C | | G').error).toEqual({ bar: 2 });
  });
});

describe('progressionFrom', () => {
  it('begins in the selected bar and is repeated', () => {
    expect(progressionFrom([['Am'], ['F', 'G']], 3, 6)).toBe('- | - | Am | F G | Am | F G');
  });
});

describe('detectedProgression', () => {
  it('has the chords of the bars', () => {
    const bars = new Bars({ ticksPerQuarter: 1, meters: [] });
    const chords = [
      { tick: 0, symbol: 'C' },
      { tick: 4, symbol: 'F' },
      { tick: 6, symbol: 'G' },
      { tick: 8, symbol: null },
    ];
    expect(detectedProgression(chords, bars, 2, 3)).toBe('| F G | - |');
  });
});

describe('progressionText', () => {
  it('is read as the same bars', () => {
    const bars = [['Am'], ['F#m7', 'Bb'], ['-']];
    expect(readProgression(progressionText(bars)).bars).toEqual(bars);
    expect(progressionText([])).toBe('');
  });
});

describe('chordParts', () => {
  it('knows roots and every spelling of a quality', () => {
    expect(chordParts('F#min7')).toEqual({ root: 'F#', quality: 'm7' });
    expect(chordParts('Bb')).toEqual({ root: 'Bb', quality: '' });
    expect(chordParts('C°')).toEqual({ root: 'C', quality: 'dim' });
    expect(chordParts('-')).toEqual({ root: '-', quality: '' });
  });
});
