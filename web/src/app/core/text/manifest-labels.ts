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

/** Return a text of a model manifest as a label: translated if possible, capitalised, without underscores. */
export function manifestLabel(text: string, language: LanguageCode): string {
  const key = keyName(text, language);
  if (key !== text) return key;
  const plain = text.replaceAll('_', ' ');
  if (language === 'es') void loadSpanishLabels();
  const translation = language === 'es' ? spanishLabels()[plain.toLowerCase()] : undefined;
  const label = translation ?? PLAIN_NAMES[plain.toLowerCase()] ?? plain;
  return label.charAt(0).toUpperCase() + label.slice(1);
}
