import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { IsActiveMatchOptions, RouterLink, RouterLinkActive } from '@angular/router';
import { routes } from '../app.routes';
import { LiveNotifications } from '../core/notifications/live-notifications';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Theme } from '../core/theme/theme';
import { Icon } from '../shared/icon';

/** The main navigation: at the left, where it can be collapsed to icons, or at the bottom of narrow screens. */
@Component({
  selector: 'e-navigation',
  imports: [Icon, RouterLink, RouterLinkActive],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './navigation.html',
  styleUrl: './navigation.scss',
  host: { '[class.collapsed]': 'collapsed()' },
})
export class Navigation {
  readonly collapsed = input.required<boolean>();
  readonly toggleCollapsed = output();
  protected readonly session = inject(Session);
  protected readonly theme = inject(Theme);
  protected readonly language = inject(Language);
  protected readonly t = injectTexts(commonTexts);
  /** Home is active only at its own path; the other pages also at the paths below theirs. */
  protected readonly exactMatch: IsActiveMatchOptions = {
    paths: 'exact',
    queryParams: 'ignored',
    matrixParams: 'ignored',
    fragment: 'ignored',
  };
  protected readonly subpathMatch: IsActiveMatchOptions = { ...this.exactMatch, paths: 'subset' };
  protected readonly pages = routes.flatMap(({ path, title, icon }) =>
    title && icon ? [{ path: `/${path}`, title, icon }] : [],
  );
  protected readonly live = inject(LiveNotifications);
  protected readonly bellLabel = computed(() => {
    const n = this.live.unreadCount();
    return n ? this.t('unreadNotifications', { n: n > 99 ? '99+' : n }) : this.t('notifications');
  });
  protected readonly name = computed(() => this.session.user()?.username ?? '');

  protected switchLanguage(): void {
    this.language.choose(this.language.code() === 'en' ? 'es' : 'en');
  }
}
