import { Injectable, effect, inject, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { RouterStateSnapshot, TitleStrategy } from '@angular/router';
import { commonTexts } from './common-texts';
import { injectTexts } from './texts';

type Key = keyof (typeof commonTexts)['en'];

/** The window's title: the `title` of a route is a key of the common texts, and follows the language. */
@Injectable({ providedIn: 'root' })
export class PageTitles extends TitleStrategy {
  private readonly title = inject(Title);
  private readonly t = injectTexts(commonTexts);
  private readonly key = signal<Key | null>(null);
  /** The name of what a page shows, if it has one; set by the page. */
  readonly name = signal<string | null>(null);

  constructor() {
    super();
    effect(() => {
      const key = this.key();
      const page = this.name() ?? (key && key !== 'compose' ? this.t(key) : null);
      this.title.setTitle(page ? `${page} · Euterpe` : 'Euterpe');
    });
  }

  override updateTitle(snapshot: RouterStateSnapshot): void {
    this.name.set(null);
    this.key.set((this.buildTitle(snapshot) as Key | undefined) ?? null);
  }
}
