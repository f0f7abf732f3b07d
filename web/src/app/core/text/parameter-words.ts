import { signal } from '@angular/core';
import { keyWord } from './keys';
import { LanguageCode } from './language';

const spanish = signal<Readonly<Record<string, string>>>({});
let loading: Promise<void> | undefined;

/** Fetches the Spanish words, once; until they are there, what they translate is shown as the manifest has it. */
export function loadSpanish(): Promise<void> {
  loading ??= Promise.all([import('./spanish-words'), import('./spanish-instruments')])
    .then(([words, instruments]) => spanish.set({ ...words.SPANISH_WORDS, ...instruments.SPANISH_INSTRUMENTS }))
    .catch(() => (loading = undefined));
  return loading;
}

/** A word of a manifest for people: translated where it is known, with a capital and without underscores. */
export function parameterWord(word: string, language: LanguageCode): string {
  const key = keyWord(word, language);
  if (key !== word) return key;
  const plain = word.replaceAll('_', ' ');
  if (language === 'es') void loadSpanish();
  const known = language === 'es' ? spanish()[plain.toLowerCase()] : undefined;
  const shown = known ?? plain;
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}
