import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Playback } from '../core/player/playback';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from './icon';

/** The primary button of a piece: plays and pauses it. */
@Component({
  selector: 'e-play-button',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let isPlaying = playback().isPlaying();
    <button
      type="button"
      class="button primary"
      [attr.aria-disabled]="playback().isLoading() || null"
      [attr.aria-label]="title() ? t(isPlaying ? 'pauseTitle' : 'playTitle', { title: title() }) : null"
      (click)="playback().toggle()"
    >
      <e-icon [name]="isPlaying ? 'pause' : 'play'" [solid]="!isPlaying" />
      {{ t(isPlaying ? 'pause' : 'play') }}
    </button>
  `,
  styles: `
    :host {
      display: contents;
    }
  `,
})
export class PlayButton {
  readonly playback = input.required<Playback>();
  /** The title in the accessible name, on pages with several pieces. */
  readonly title = input('');
  protected readonly t = injectTexts(commonTexts);
}
