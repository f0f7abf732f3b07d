import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';
import { KeptPieces } from '../core/offline/kept-pieces';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { libraryTexts } from './library-texts';
import { offlineTexts } from './offline-texts';

/** The heading and the tabs of the library. */
@Component({
  selector: 'e-library-tabs',
  imports: [RouterLink, RouterLinkActive],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="row">
      <h1>{{ t('title') }}</h1>
      <ng-content />
    </div>
    @if (session.user()) {
      <nav [attr.aria-label]="t('title')">
        <a
          routerLink="/library"
          routerLinkActive="active"
          ariaCurrentWhenActive="page"
          [routerLinkActiveOptions]="exactMatch"
          >{{ t('songs') }}</a
        >
        <a routerLink="/library/playlists" routerLinkActive="active" ariaCurrentWhenActive="page">{{
          t('playlists')
        }}</a>
        @if (session.isRegistered()) {
          <a routerLink="/library/likes" routerLinkActive="active" ariaCurrentWhenActive="page">{{ t('myLikes') }}</a>
        }
        @if (kept.all().length) {
          <a routerLink="/library/offline" routerLinkActive="active" ariaCurrentWhenActive="page">{{
            offlineText('tab')
          }}</a>
        }
        <a routerLink="/library/trash" routerLinkActive="active" ariaCurrentWhenActive="page">{{ t('trash') }}</a>
      </nav>
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.9rem;
      margin-bottom: 1.25rem;
    }

    .row {
      justify-content: space-between;
    }

    nav {
      display: flex;
      gap: 1.5rem;
      border-bottom: 1px solid var(--line);
    }

    nav a {
      min-height: 44px;
      padding: 0.55rem 0;
      border-bottom: 2.5px solid transparent;
      color: var(--muted);
      font-weight: 600;
      text-decoration: none;
    }

    nav a:hover {
      color: var(--text);
    }

    nav .active {
      border-color: var(--accent);
      color: var(--accent-strong);
    }
  `,
})
export class LibraryTabs {
  protected readonly session = inject(Session);
  protected readonly kept = inject(KeptPieces);
  protected readonly t = injectTexts(libraryTexts);
  protected readonly offlineText = injectTexts(offlineTexts);
  protected readonly exactMatch = {
    paths: 'exact',
    queryParams: 'ignored',
    matrixParams: 'ignored',
    fragment: 'ignored',
  } as const;
}
