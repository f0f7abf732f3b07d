import { inject } from '@angular/core';
import { Language, LanguageCode } from './language';

/** The sentences of a feature in both languages; the compiler demands the same keys of both. */
export type Texts<K extends string> = Readonly<Record<LanguageCode, Readonly<Record<K, string>>>>;
export type Values = Readonly<Record<string, string | number>>;
/** `t('key', { n: 3 })`; reads the language signal, so that templates follow a switch. */
export type Translate<K extends string> = (key: K, values?: Values) => string;

/** Declares the sentences of a feature. `{name}` is replaced; `one|many` is chosen by the value `n`. */
export function texts<const K extends string>(en: Record<K, string>, es: Record<NoInfer<K>, string>): Texts<K> {
  return { en, es };
}

/** The sentences in the language of the moment; to be called where `inject` may be. */
export function injectTexts<K extends string>(all: Texts<K>): Translate<K> {
  const language = inject(Language);
  return (key, values) => fill(all[language.code()][key], values);
}

/** A sentence with its values in place. */
export function fill(sentence: string, values: Values = {}): string {
  const [one, many] = sentence.split('|');
  const chosen = many !== undefined && values['n'] !== 1 ? many : (one ?? '');
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
