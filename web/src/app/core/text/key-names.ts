import { LanguageCode } from './language';

const SPANISH_NOTES: Readonly<Record<string, string>> = {
  C: 'Do',
  D: 'Re',
  E: 'Mi',
  F: 'Fa',
  G: 'Sol',
  A: 'La',
  B: 'Si',
};

/** Return a musical key in a language: `Db major` becomes `D♭ major` or `Re♭ mayor`. Other text is returned unchanged. */
export function keyName(key: string, language: LanguageCode): string {
  const [, note, sign, mode] = /^([A-G])([b#]?) (major|minor)$/.exec(key) ?? [];
  if (note === undefined || mode === undefined) return key;
  const accidental = sign === 'b' ? '♭' : sign === '#' ? '♯' : '';
  if (language === 'en') return `${note}${accidental} ${mode}`;
  return `${SPANISH_NOTES[note]}${accidental} ${mode === 'major' ? 'mayor' : 'menor'}`;
}
