import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Playback } from '../core/player/playback';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from './icon';

/** A round button that plays and pauses a piece. */
@Component({
  selector: 'e-play-icon-button',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let isPlaying = playback().isPlaying();
    <button
      type="button"
      class="icon-button"
      [class.filled]="filled()"
      [attr.aria-disabled]="playback().isLoading() || null"
      [attr.aria-label]="t(isPlaying ? 'pauseTitle' : 'playTitle', { title: title() })"
      (click)="playback().toggle()"
    >
      <e-icon [name]="isPlaying ? 'pause' : 'play'" [solid]="!isPlaying" />
    </button>
  `,
  styles: `
    :host {
      display: contents;
    }

    .icon-button:not(.filled) {
      color: var(--accent);
    }
  `,
})
export class PlayIconButton {
  readonly playback = input.required<Playback>();
  readonly title = input.required<string>();
  readonly filled = input(false);
  protected readonly t = injectTexts(commonTexts);
}
