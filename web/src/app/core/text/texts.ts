import { inject } from '@angular/core';
import { Language, LanguageCode } from './language';

/** The texts of a feature in both languages; the compiler requires the same keys in both. */
export type Texts<K extends string> = Readonly<Record<LanguageCode, Readonly<Record<K, string>>>>;
export type Values = Readonly<Record<string, string | number>>;
/** `t('key', { n: 3 })`. Reads the language signal, so that templates update when the language changes. */
export type Translate<K extends string> = (key: K, values?: Values) => string;

/** Declare the texts of a feature. `{name}` is replaced by a value; `singular|plural` is selected by the value `n`. */
export function texts<const K extends string>(en: Record<K, string>, es: Record<NoInfer<K>, string>): Texts<K> {
  return { en, es };
}

/** Return the translate function for these texts. Needs an injection context. */
export function injectTexts<K extends string>(all: Texts<K>): Translate<K> {
  return translateWith(all, inject(Language));
}

/** Return the translate function for these texts, which may have been loaded later than the code that uses them. */
export function translateWith<K extends string>(all: Texts<K>, language: Language): Translate<K> {
  return (key, values) => fill(all[language.code()][key], values);
}

/** Insert values into a text. Unknown placeholders are left as they are. */
export function fill(text: string, values: Values = {}): string {
  const [singular = '', plural] = text.split('|');
  const selected = plural !== undefined && values['n'] !== 1 ? plural : singular;
  return selected.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
