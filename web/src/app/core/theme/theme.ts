import { DOCUMENT, Injectable, computed, inject, signal } from '@angular/core';
import { localPreferences } from '../local-preferences';

export type ThemeChoice = 'system' | 'light' | 'dark';
const KEY = 'euterpe.theme';

/** Light or dark: as the system has it, until the listener chooses. */
@Injectable({ providedIn: 'root' })
export class Theme {
  private readonly document = inject(DOCUMENT);
  private readonly media = this.document.defaultView?.matchMedia?.('(prefers-color-scheme: dark)');
  private readonly systemDark = signal(this.media?.matches ?? false);
  private readonly chosen = signal<ThemeChoice>(kept());
  readonly choice = this.chosen.asReadonly();
  /** Whether the pages are dark now; canvases paint again when it changes. */
  readonly dark = computed(() => (this.chosen() === 'system' ? this.systemDark() : this.chosen() === 'dark'));

  constructor() {
    this.media?.addEventListener('change', (event) => this.systemDark.set(event.matches));
  }

  choose(choice: ThemeChoice): void {
    this.chosen.set(choice);
    const root = this.document.documentElement;
    if (choice === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = choice;
    localPreferences.set(KEY, choice === 'system' ? null : choice);
  }

  toggle(): void {
    this.choose(this.dark() ? 'light' : 'dark');
  }
}

function kept(): ThemeChoice {
  const value = localPreferences.get(KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
}
