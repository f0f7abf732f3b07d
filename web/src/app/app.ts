import { NgComponentOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, Type, effect, inject, signal } from '@angular/core';
import { RouterLink, RouterOutlet } from '@angular/router';
import { Notices } from './core/notices/notices';
import { loadWithRetry } from './core/backoff';
import { Player } from './core/player/player';
import { localPreferences } from './core/local-preferences';
import { commonTexts } from './core/text/common-texts';
import { injectTexts } from './core/text/texts';
import { Navigation } from './shell/navigation';
import { NoticeList } from './shell/notice-list';

const COLLAPSED_KEY = 'euterpe.folded';

/** The frame of all pages: navigation, page, player bar and notices. */
@Component({
  selector: 'e-root',
  imports: [Navigation, NgComponentOutlet, NoticeList, RouterLink, RouterOutlet],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(window:offline)': 'offline()', '(window:online)': 'online()' },
  template: `
    <a class="skip" href="#main" (click)="skip($event, main)">{{ t('skipToContent') }}</a>
    <div class="shell">
      <header class="top">
        <a class="wordmark" routerLink="/"><img src="icon.svg" alt="" width="30" height="30" />Euterpe</a>
      </header>
      <e-navigation [collapsed]="collapsed()" (toggleCollapsed)="toggleCollapsed()" />
      <main #main id="main" tabindex="-1"><router-outlet /></main>
      @if (player.track() && playerBar(); as playerBar) {
        <ng-container *ngComponentOutlet="playerBar" />
      }
      <e-notice-list />
    </div>
  `,
  styles: `
    .skip {
      position: fixed;
      left: 1rem;
      top: -4rem;
      z-index: 1200;
      padding: 0.7rem 1.2rem;
      border-radius: 999px;
      background: var(--accent);
      color: var(--on-accent);
      font-weight: 600;
    }

    .skip:not(:focus) {
      clip-path: inset(50%);
    }

    .skip:focus {
      top: 1rem;
    }

    main {
      outline: none;
    }

    .top {
      display: none;
    }

    @media (width < 840px) {
      .top {
        position: sticky;
        top: 0;
        z-index: 19;
        display: block;
        height: 56px;
        background: var(--bg);

        .wordmark {
          height: 56px;
          padding-left: var(--gutter);
          font-size: 1.6rem;
        }
      }
    }
  `,
})
export class App {
  protected readonly player = inject(Player);
  protected readonly t = injectTexts(commonTexts);
  protected readonly collapsed = signal(localPreferences.get(COLLAPSED_KEY) === 'true');
  /** The player bar; its chunk is loaded with the first track. */
  protected readonly playerBar = signal<Type<unknown> | null>(null);
  private readonly notices = inject(Notices);

  constructor() {
    effect(() => {
      const root = document.documentElement;
      root.toggleAttribute('data-collapsed', this.collapsed());
      root.style.setProperty('--bar', this.player.track() ? '72px' : '0px');
      if (this.player.track())
        void loadWithRetry(() => import('./shell/player-bar')).then((m) => this.playerBar.set(m.PlayerBar));
    });
  }

  protected toggleCollapsed(): void {
    this.collapsed.update((collapsed) => !collapsed);
    localPreferences.set(COLLAPSED_KEY, String(this.collapsed()));
  }

  protected skip(event: Event, main: HTMLElement): void {
    event.preventDefault();
    main.focus();
  }

  protected offline(): void {
    this.notices.show(this.t('offline'), { kind: 'problem' });
  }

  protected online(): void {
    this.notices.show(this.t('online'), { kind: 'good' });
  }
}
