import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Playback, Player } from '../core/player/player';
import { playerTexts } from '../core/player/player-texts';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PlayButton } from '../shared/play-button';
import { PlayerPanel } from './player-panel';

const TEMPO_STEP = 0.05;
const USES_SPACE = 'a, button, input, select, summary, textarea, [contenteditable], [role=slider], [role=dialog]';

/** The controls of the current track, at the bottom of every page. */
@Component({
  selector: 'e-player-bar',
  imports: [Icon, PlayButton, PlayerPanel, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    role: 'region',
    '[attr.aria-label]': "t('player')",
    '(keydown)': 'onKey($event)',
    '(document:keydown)': 'onPageKey($event)',
  },
  template: `
    @if (player.track(); as track) {
      @if (optionsOpen()) {
        <e-player-panel id="player-options" />
      }
      @if (player.hasQueue()) {
        <button type="button" class="icon-button queue" [attr.aria-label]="t('previous')" (click)="player.previous()">
          <e-icon name="previous" />
        </button>
      }
      <e-play-button appearance="filled" [playback]="playback" />
      @if (player.hasQueue()) {
        <button
          type="button"
          class="icon-button queue"
          [attr.aria-label]="t('next')"
          [attr.aria-disabled]="!player.hasNext() || null"
          (click)="player.next()"
        >
          <e-icon name="next" />
        </button>
      }
      <div class="track">
        @if (track.link; as link) {
          <a class="title" [routerLink]="link">{{ track.title }}</a>
        } @else {
          <span class="title">{{ track.title }}</span>
        }
        <span class="status" role="status" [class.failed]="player.state() === 'failed'">{{ status() }}</span>
      </div>
      <span class="time tabular">{{ format.duration(player.position()) }}</span>
      <input
        class="seek"
        type="range"
        min="0"
        step="0.1"
        [max]="player.duration()"
        [value]="player.position()"
        [attr.aria-label]="t('position')"
        [attr.aria-valuetext]="format.duration(player.position()) + ' / ' + format.duration(player.duration())"
        (input)="player.seek($any($event.target).valueAsNumber)"
      />
      <span class="time tabular">{{ format.duration(player.duration()) }}</span>
      <label class="volume">
        <e-icon name="volume" />
        <span class="visually-hidden">{{ t('volume') }}</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.02"
          [value]="player.volume()"
          (input)="player.setVolume($any($event.target).valueAsNumber)"
        />
      </label>
      <button
        type="button"
        class="icon-button"
        aria-controls="player-options"
        [attr.aria-expanded]="optionsOpen()"
        [attr.aria-label]="t('options')"
        [title]="t('options')"
        (click)="optionsOpen.set(!optionsOpen())"
      >
        <e-icon name="sliders" />
      </button>
      <button type="button" class="icon-button" [attr.aria-label]="t('close')" (click)="player.close()">
        <e-icon name="close" />
      </button>
    }
  `,
  styles: `
    :host {
      position: fixed;
      left: var(--nav);
      right: 0;
      bottom: calc(var(--tabs) + env(safe-area-inset-bottom));
      z-index: 15;
      display: flex;
      align-items: center;
      gap: 0.9rem;
      height: var(--bar);
      padding-inline: var(--gutter);
      border-top: 1px solid var(--line);
      background: var(--surface);
      transition: left 0.16s ease;
    }

    .track {
      display: grid;
      flex: 0 1 16rem;
      min-width: 0;
      line-height: 1.3;
    }

    .title {
      overflow: hidden;
      color: var(--text);
      font-weight: 600;
      text-decoration: none;
      text-overflow: ellipsis;
      white-space: nowrap;
    }

    a.title:hover {
      text-decoration: underline;
    }

    .status {
      overflow: hidden;
      color: var(--muted);
      font-size: 0.85rem;
      text-overflow: ellipsis;
      white-space: nowrap;
    }

    .status.failed {
      color: var(--danger);
    }

    .seek {
      flex: 1;
      min-width: 3rem;
    }

    .time {
      color: var(--muted);
      font-size: 0.875rem;
    }

    .volume {
      display: flex;
      align-items: center;
      gap: 0.4rem;
      color: var(--muted);

      input {
        width: 84px;
      }
    }

    @media (width < 1000px) {
      .volume {
        display: none;
      }
    }

    @media (width < 620px) {
      :host {
        gap: 0.35rem;
        padding-inline: 0.75rem;
      }

      .time {
        display: none;
      }

      .track {
        flex: 1 1 6rem;
      }

      .queue {
        display: none;
      }

      // The position is a line above the bar, as wide as the screen.
      .seek {
        position: absolute;
        inset: -0.55rem 0 auto;
        z-index: 1;
        width: 100%;
        height: 1.1rem;
        margin: 0;
      }
    }
  `,
})
export class PlayerBar {
  protected readonly player = inject(Player);
  protected readonly playback = new Playback(this.player.track);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(playerTexts);
  private readonly errorMessages = inject(ErrorMessages);
  protected readonly status = computed(() => {
    const problem = this.player.problem();
    if (problem) return this.errorMessages.of(problem);
    if (this.player.state() === 'loading') return this.t('preparing');
    const share = this.player.loadProgress();
    if (share !== null && share < 1) return this.t('receiving', { percent: this.format.percent(share) });
    return this.format.author(this.player.track()?.author ?? '');
  });
  protected readonly optionsOpen = signal(false);

  /** Letters work only while the focus is in the player, so that they do not disturb dictation (WCAG 2.1.4). */
  protected onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.shortcuts[event.key.toLowerCase()];
    if (!action || (event.target as HTMLElement).tagName === 'SELECT') return;
    event.preventDefault();
    action();
  }

  /** The space bar plays and pauses unless the focus is on a control that uses it. */
  protected onPageKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key !== ' ' || event.defaultPrevented || target.closest(USES_SPACE)) return;
    event.preventDefault();
    this.player.toggleCurrent();
  }

  private readonly shortcuts: Readonly<Record<string, () => void>> = {
    a: () => this.player.markLoopStart(),
    b: () => this.player.markLoopEnd(),
    l: () => this.player.setLoop(null),
    m: () => this.player.setMetronome(!this.player.metronome()),
    n: () => this.player.next(),
    p: () => this.player.previous(),
    '+': () => this.player.setTempo(this.player.tempo() + TEMPO_STEP),
    '-': () => this.player.setTempo(this.player.tempo() - TEMPO_STEP),
    escape: () => this.optionsOpen.set(false),
  };
}
