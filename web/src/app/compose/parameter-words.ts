import { keyWord } from '../core/text/keys';
import { LanguageCode } from '../core/text/language';
import { SPANISH_INSTRUMENTS } from './spanish-instruments';
import { SPANISH_WORDS } from './spanish-words';

/** A word of a manifest for people: translated where it is known, with a capital and without underscores. */
export function parameterWord(word: string, language: LanguageCode): string {
  const key = keyWord(word, language);
  if (key !== word) return key;
  const plain = word.replaceAll('_', ' ');
  const small = plain.toLowerCase();
  const known = language === 'es' ? (SPANISH_WORDS[small] ?? SPANISH_INSTRUMENTS[small]) : undefined;
  const shown = known ?? plain;
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}
