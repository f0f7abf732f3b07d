import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { Playback } from '../core/player/player';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from './icon';

/** Plays and pauses a piece. */
@Component({
  selector: 'e-play-button',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let isPlaying = playback().isPlaying();
    <button
      type="button"
      [class]="classes[appearance()]"
      [class.loading]="playback().isLoading()"
      [attr.aria-busy]="playback().isLoading() || null"
      [attr.aria-label]="label()"
      (click)="playback().toggle()"
    >
      <e-icon [name]="isPlaying ? 'pause' : 'play'" [solid]="!isPlaying" />
      @if (appearance() === 'text') {
        {{ t(isPlaying ? 'pause' : 'play') }}
      }
    </button>
  `,
  styles: `
    :host {
      display: contents;
    }

    // Wide enough for both texts, so that nothing moves.
    .button {
      min-width: 9.75rem;
    }

    .icon-button:not(.filled) {
      color: var(--accent);
    }

    .loading e-icon {
      animation: wait 0.7s ease-in-out infinite alternate;
    }

    @keyframes wait {
      to {
        opacity: 0.35;
      }
    }
  `,
})
export class PlayButton {
  readonly playback = input.required<Playback>();
  /** The title in the accessible name; needed where a page shows several pieces. */
  readonly title = input('');
  readonly appearance = input<'text' | 'icon' | 'filled'>('text');
  protected readonly classes = { text: 'button primary', icon: 'icon-button', filled: 'icon-button filled' };
  protected readonly t = injectTexts(commonTexts);
  protected readonly label = computed(() => {
    const isPlaying = this.playback().isPlaying();
    if (this.title()) return this.t(isPlaying ? 'pauseTitle' : 'playTitle', { title: this.title() });
    return this.appearance() === 'text' ? null : this.t(isPlaying ? 'pause' : 'play');
  });
}
