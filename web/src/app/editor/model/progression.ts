import { Chord } from '../editor-state';
import { Bars } from './bars';

const CHORD = /^[A-G][#b]?(maj7?|M7?|min7?|m7?|7|dim|°|o|aug|\+|sus4?)?$/;
/** Stands for a chord that is left open. */
export const OPEN = '-';
export const ROOTS = [
  'C',
  'C#',
  'Db',
  'D',
  'D#',
  'Eb',
  'E',
  'F',
  'F#',
  'Gb',
  'G',
  'G#',
  'Ab',
  'A',
  'A#',
  'Bb',
  'B',
] as const;
export const QUALITIES = ['', 'm', '7', 'maj7', 'm7', 'dim', 'aug', 'sus4'] as const;
export type Quality = (typeof QUALITIES)[number];
/** Other spellings of qualities. */
const SPELLINGS: Readonly<Record<string, Quality>> = {
  maj: '',
  M: '',
  min: 'm',
  M7: 'maj7',
  min7: 'm7',
  '°': 'dim',
  o: 'dim',
  '+': 'aug',
  sus: 'sus4',
};

export interface Progression {
  /** One or two chords of each bar. */
  readonly bars: readonly (readonly string[])[];
  /** The first bar that cannot be read, from 1, with its chord; without one the bar has too many or too few. */
  readonly error: { readonly bar: number; readonly chord?: string } | null;
}

/** Read a progression such as `| Am | F G |`, or `Am F C G` with a chord in each bar. */
export function readProgression(text: string): Progression {
  const plain = text.replaceAll('♯', '#').replaceAll('♭', 'b').trim();
  if (!plain) return { bars: [], error: null };
  const words = (bar: string) => bar.trim().split(/\s+/).filter(Boolean);
  const bars = plain.includes('|')
    ? plain
        .replace(/^\|+|\|+$/g, '')
        .split('|')
        .map(words)
    : words(plain).map((chord) => [chord]);
  for (const [index, bar] of bars.entries()) {
    const chord = bar.find((symbol) => symbol !== OPEN && !CHORD.test(symbol));
    if (chord !== undefined) return { bars, error: { bar: index + 1, chord } };
    if (bar.length < 1 || bar.length > 2) return { bars, error: { bar: index + 1 } };
  }
  return { bars, error: null };
}

/** Return the root and the quality of a chord; of an open one, or of text that is no chord, the root is `OPEN`. */
export function chordParts(chord: string): { readonly root: string; readonly quality: Quality } {
  const [, root, quality = ''] = /^([A-G][#b]?)(.*)$/.exec(chord) ?? [];
  return { root: root ?? OPEN, quality: SPELLINGS[quality] ?? QUALITIES.find((each) => each === quality) ?? '' };
}

/** Return a progression as text that `readProgression` reads. */
export function progressionText(bars: Progression['bars']): string {
  return bars.length ? `| ${bars.map((chords) => chords.join(' ')).join(' | ')} |` : '';
}

/** Return the progression as models read it: it begins in a bar, from 1, and is repeated up to another one. */
export function progressionFrom(bars: Progression['bars'], firstBar: number, lastBar: number): string {
  const open: readonly string[] = [OPEN];
  const all = Array.from({ length: lastBar }, (_, index) =>
    index < firstBar - 1 ? open : (bars[(index - firstBar + 1) % bars.length] ?? open),
  );
  return all.map((bar) => bar.join(' ')).join(' | ');
}

/** Return the estimated chords of some bars as a progression. */
export function detectedProgression(chords: readonly Chord[], bars: Bars, firstBar: number, lastBar: number): string {
  const texts: string[] = [];
  for (let number = firstBar; number <= lastBar; number++) {
    const { start, length } = bars.numbered(number);
    const inside = chords.filter(({ tick }) => tick >= start && tick < start + length);
    texts.push(
      inside
        .slice(0, 2)
        .map(({ symbol }) => symbol ?? OPEN)
        .join(' ') || OPEN,
    );
  }
  return progressionText(texts.map((text) => [text]));
}
