import { Injectable, effect, inject, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { RouterStateSnapshot, TitleStrategy } from '@angular/router';
import { CommonKey, commonTexts } from './common-texts';
import { injectTexts } from './texts';

/** Sets the title of the window. The `title` of a route is a key of the common texts. */
@Injectable({ providedIn: 'root' })
export class PageTitles extends TitleStrategy {
  private readonly title = inject(Title);
  private readonly t = injectTexts(commonTexts);
  private readonly key = signal<CommonKey | null>(null);
  /** The name of the song, author or playlist that a page shows; set by the page. */
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
    this.key.set((this.buildTitle(snapshot) as CommonKey | undefined) ?? null);
  }
}
