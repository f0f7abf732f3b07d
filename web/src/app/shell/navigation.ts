import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { IsActiveMatchOptions, RouterLink, RouterLinkActive } from '@angular/router';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Theme } from '../core/theme/theme';
import { Icon } from '../shared/icon';

/** The way around: at the left, folded to icons at wish, and along the foot of phones. */
@Component({
  selector: 'e-navigation',
  imports: [Icon, RouterLink, RouterLinkActive],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './navigation.html',
  styleUrl: './navigation.scss',
  host: { '[class.folded]': 'folded()' },
})
export class Navigation {
  readonly folded = input.required<boolean>();
  readonly fold = output();
  protected readonly session = inject(Session);
  protected readonly theme = inject(Theme);
  protected readonly language = inject(Language);
  protected readonly t = injectTexts(commonTexts);
  /** Home is active at its own path only, but with any query; the others also at what lies below them. */
  protected readonly home: IsActiveMatchOptions = {
    paths: 'exact',
    queryParams: 'ignored',
    matrixParams: 'ignored',
    fragment: 'ignored',
  };
  protected readonly below: IsActiveMatchOptions = { ...this.home, paths: 'subset' };
  protected readonly places = [
    { path: '/', key: 'compose' },
    { path: '/library', key: 'library' },
    { path: '/explore', key: 'explore' },
    { path: '/compare', key: 'compare' },
  ] as const;
  protected readonly name = computed(() => this.session.user()?.username ?? '');

  protected switchLanguage(): void {
    this.language.choose(this.language.code() === 'en' ? 'es' : 'en');
  }
}
