import { DOCUMENT, Injectable, inject, signal } from '@angular/core';
import { localPreferences } from '../local-preferences';

export type LanguageCode = 'en' | 'es';
const KEY = 'euterpe.language';

/** The language of the pages: the listener's choice, else the browser's, else English. Switches without a reload. */
@Injectable({ providedIn: 'root' })
export class Language {
  private readonly document = inject(DOCUMENT);
  private readonly chosen = signal<LanguageCode>(initial());
  readonly code = this.chosen.asReadonly();

  choose(code: LanguageCode): void {
    this.chosen.set(code);
    this.document.documentElement.lang = code;
    localPreferences.set(KEY, code);
  }
}

function initial(): LanguageCode {
  const kept = localPreferences.get(KEY);
  if (kept === 'en' || kept === 'es') return kept;
  return typeof navigator !== 'undefined' && navigator.language.startsWith('es') ? 'es' : 'en';
}
