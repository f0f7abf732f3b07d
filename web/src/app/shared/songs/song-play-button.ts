import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { Playback } from '../../core/player/player';
import { PlayButton } from '../play-button';
import { Song } from './song-list';
import { songTrack } from './song-track';

/** Plays and pauses a song of a list. */
@Component({
  selector: 'e-song-play-button',
  imports: [PlayButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<e-play-button appearance="icon" [playback]="playback" [title]="song().title" />`,
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
