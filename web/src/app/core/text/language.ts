import { DOCUMENT, Injectable, inject, signal } from '@angular/core';
import { localPreferences } from '../local-preferences';

export type LanguageCode = 'en' | 'es';
const STORAGE_KEY = 'euterpe.language';

/** The interface language: the user's choice, else the browser's, else English. Changes without a reload. */
@Injectable({ providedIn: 'root' })
export class Language {
  private readonly document = inject(DOCUMENT);
  private readonly currentCode = signal<LanguageCode>(initialCode());
  readonly code = this.currentCode.asReadonly();

  choose(code: LanguageCode): void {
    this.currentCode.set(code);
    this.document.documentElement.lang = code;
    localPreferences.set(STORAGE_KEY, code);
  }
}

function initialCode(): LanguageCode {
  const stored = localPreferences.get(STORAGE_KEY);
  if (stored === 'en' || stored === 'es') return stored;
  return typeof navigator !== 'undefined' && navigator.language.startsWith('es') ? 'es' : 'en';
}
