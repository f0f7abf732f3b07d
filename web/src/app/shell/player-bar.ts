import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Playback, Player } from '../core/player/player';
import { commonTexts } from '../core/text/common-texts';
import { Format } from '../core/text/format';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PlayButton } from '../shared/play-button';

/** The controls of the current track, at the bottom of every page. */
@Component({
  selector: 'e-player-bar',
  imports: [Icon, PlayButton, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'region', '[attr.aria-label]': "t('player')" },
  template: `
    @if (player.track(); as track) {
      <e-play-button appearance="filled" [playback]="playback" />
      <div class="track">
        @if (track.link; as link) {
          <a class="title" [routerLink]="link">{{ track.title }}</a>
        } @else {
          <span class="title">{{ track.title }}</span>
        }
        <span class="status" [class.failed]="player.state() === 'failed'">{{ status() }}</span>
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
      <button type="button" class="icon-button" [attr.aria-label]="t('closePlayer')" (click)="player.close()">
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
        gap: 0.6rem;
        padding-inline: 0.75rem;
      }

      .time {
        display: none;
      }

      .track {
        flex: 1 1 8rem;
      }

      .seek {
        flex: 1 1 3rem;
      }
    }
  `,
})
export class PlayerBar {
  protected readonly player = inject(Player);
  protected readonly playback = new Playback(this.player.track);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(commonTexts);
  private readonly errorMessages = inject(ErrorMessages);
  protected readonly status = computed(() => {
    const problem = this.player.problem();
    if (problem) return this.errorMessages.of(problem);
    return this.player.state() === 'loading' ? this.t('preparingAudio') : (this.player.track()?.author ?? '');
  });
}
