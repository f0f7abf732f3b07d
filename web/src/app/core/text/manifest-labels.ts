import { signal } from '@angular/core';
import { keyName } from './key-names';
import { LanguageCode } from './language';

/** Names that people use, for abbreviations of corpora and long units in manifests. */
const PLAIN_NAMES: Readonly<Record<string, string>> = {
  ashover: 'Ashover collection',
  hpps: 'hornpipes',
  slip: 'slip jigs',
  xmas: 'Christmas tunes',
  morris: 'morris dances',
  playford: 'Playford dances',
  'quarters per minute': 'bpm',
};
/** Paths of styles: genre, kind, composer. */
const STYLE_PATH = /^(classical|folk|hip-hop|jazz|pop)(\/[\w -]+){1,2}$/;
const composerNames = signal<Readonly<Record<string, string>>>({});
let loadingNames: Promise<void> | undefined;
const spanishLabels = signal<Readonly<Record<string, string>>>({});
let loading: Promise<void> | undefined;

/** Load the Spanish labels once; until then, `manifestLabel` returns the English ones. */
export function loadSpanishLabels(): Promise<void> {
  loading ??= Promise.all([
    import('./spanish-labels'),
    import('./spanish-instruments'),
    import('./spanish-ensemble-labels'),
  ])
    .then(([labels, instruments, ensemble]) =>
      spanishLabels.set({
        ...labels.SPANISH_LABELS,
        ...instruments.SPANISH_INSTRUMENTS,
        ...ensemble.SPANISH_ENSEMBLE_LABELS,
      }),
    )
    .catch(() => (loading = undefined));
  return loading;
}

/** Load the printed names of composers once; until then, they are capitalised. */
export function loadComposerNames(): Promise<void> {
  loadingNames ??= import('./composer-names')
    .then((names) => composerNames.set(names.COMPOSER_NAMES))
    .catch(() => (loadingNames = undefined));
  return loadingNames;
}

/**
 * Return the last name of a style's path as a label: `classical/baroque/bach` is Bach. Names of composers are right once
 * they are loaded (`loadComposerNames`): most people never open the list of them.
 */
export function styleLabel(path: string, language: LanguageCode): string {
  const names = path.split('/');
  const name = names.at(-1) ?? path;
  if (names.length < 3) return manifestLabel(name, language);
  const capitalised = name.replaceAll('_', ' ').replace(/(^|[ -])\p{L}/gu, (letter) => letter.toUpperCase());
  return composerNames()[name] ?? capitalised;
}

/**
 * Return a text of a model manifest as a label: translated if possible, capitalised, without underscores. The path of
 * a style is written out: Classical · Baroque · Bach. With `unknown`, that is returned if there is no translation.
 */
export function manifestLabel(text: string, language: LanguageCode, unknown?: string): string {
  if (STYLE_PATH.test(text)) {
    const names = text.split('/');
    if (names.length > 2) void loadComposerNames();
    return names.map((_, index) => styleLabel(names.slice(0, index + 1).join('/'), language)).join(' · ');
  }
  const key = keyName(text, language);
  if (key !== text) return key;
  const plain = text.replaceAll('_', ' ');
  if (language === 'es') void loadSpanishLabels();
  const translation = language === 'es' ? spanishLabels()[plain.toLowerCase()] : undefined;
  if (unknown !== undefined && translation === undefined) return unknown;
  const label = translation ?? PLAIN_NAMES[plain.toLowerCase()] ?? plain;
  return label.charAt(0).toUpperCase() + label.slice(1);
}
