import { LanguageCode } from './language';

const NOTES: Readonly<Record<string, string>> = {
  C: 'Do',
  D: 'Re',
  E: 'Mi',
  F: 'Fa',
  G: 'Sol',
  A: 'La',
  B: 'Si',
};

/** A key as it is written in a language: `Db major` is D♭ major, or Re♭ mayor; anything else stays as it is. */
export function keyWord(key: string, language: LanguageCode): string {
  const [, note, sign, mode] = /^([A-G])([b#]?) (major|minor)$/.exec(key) ?? [];
  if (note === undefined || mode === undefined) return key;
  const accidental = sign === 'b' ? '♭' : sign === '#' ? '♯' : '';
  if (language === 'en') return `${note}${accidental} ${mode}`;
  return `${NOTES[note]}${accidental} ${mode === 'major' ? 'mayor' : 'menor'}`;
}
