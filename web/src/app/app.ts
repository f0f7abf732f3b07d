import { NgComponentOutlet } from '@angular/common';
import { ChangeDetectionStrategy, Component, Injector, Type, effect, inject, signal, untracked } from '@angular/core';
import { Router, RouterLink, RouterOutlet } from '@angular/router';
import { Session } from './core/session/session';
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
  host: {
    '(window:offline)': 'offline()',
    '(window:online)': 'online()',
    '(window:storage)': 'session.followOtherTab($event.key)',
    '(window:dragover)': 'drag($event)',
    '(window:drop)': 'drop($event)',
  },
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
  protected readonly session = inject(Session);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly injector = inject(Injector);

  constructor() {
    effect(() => {
      if (!this.session.hasExpired()) return;
      const login = {
        label: this.t('login'),
        run: () => void this.router.navigate(['/login'], { queryParams: { next: this.router.url } }),
      };
      untracked(() => this.notices.show(this.t('sessionExpired'), { kind: 'problem', action: login }));
    });
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

  protected drag(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  }

  /** Import MIDI files that are dropped anywhere; the first one is opened. */
  protected async drop(event: DragEvent): Promise<void> {
    const files = [...(event.dataTransfer?.files ?? [])];
    // Some controls accept files themselves.
    if (!files.length || event.defaultPrevented) return;
    event.preventDefault();
    const { SongActions } = await loadWithRetry(() => import('./library/song-actions'));
    const songs = await this.injector.get(SongActions).importAll(files);
    if (songs[0]) await this.router.navigate(songs.length === 1 ? ['/library/songs', songs[0].id] : ['/library']);
  }

  protected offline(): void {
    this.notices.show(this.t('offline'), { kind: 'problem' });
  }

  protected online(): void {
    if (this.session.restoreProblem()) void this.session.restore();
    this.notices.show(this.t('online'), { kind: 'good' });
  }
}
