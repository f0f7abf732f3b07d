import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { Playback } from '../../core/player/playback';
import { PlayIconButton } from '../play-icon-button';
import { Song } from './song-list';
import { songTrack } from './song-track';

/** Plays and pauses a song of a list. */
@Component({
  selector: 'e-song-play-button',
  imports: [PlayIconButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<e-play-icon-button [playback]="playback" [title]="song().title" />`,
  styles: `
    :host {
      display: contents;
    }
  `,
})
export class SongPlayButton {
  readonly song = input.required<Song>();
  protected readonly playback = new Playback(computed(() => songTrack(this.song())));
}
