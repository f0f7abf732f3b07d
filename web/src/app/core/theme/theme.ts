import { DOCUMENT, Injectable, computed, inject, signal } from '@angular/core';
import { localPreferences } from '../local-preferences';

export type ThemeChoice = 'system' | 'light' | 'dark';
const STORAGE_KEY = 'euterpe.theme';

/** The colour theme: the system's until the user chooses one. */
@Injectable({ providedIn: 'root' })
export class Theme {
  private readonly document = inject(DOCUMENT);
  private readonly media = this.document.defaultView?.matchMedia?.('(prefers-color-scheme: dark)');
  private readonly isSystemDark = signal(this.media?.matches ?? false);
  private readonly currentChoice = signal<ThemeChoice>(storedChoice());
  readonly choice = this.currentChoice.asReadonly();
  /** Whether the dark theme is shown. */
  readonly isDark = computed(() =>
    this.currentChoice() === 'system' ? this.isSystemDark() : this.currentChoice() === 'dark',
  );

  constructor() {
    this.media?.addEventListener('change', (event) => this.isSystemDark.set(event.matches));
  }

  choose(choice: ThemeChoice): void {
    this.currentChoice.set(choice);
    const root = this.document.documentElement;
    if (choice === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = choice;
    localPreferences.set(STORAGE_KEY, choice === 'system' ? null : choice);
  }

  toggle(): void {
    this.choose(this.isDark() ? 'light' : 'dark');
  }
}

function storedChoice(): ThemeChoice {
  const value = localPreferences.get(STORAGE_KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}
