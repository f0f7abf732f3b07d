import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { manifestLabel } from '../core/text/manifest-labels';
import { Player } from '../core/player/player';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { LikeButton } from '../shared/songs/like-button';
import { SongList, Song } from '../shared/songs/song-list';
import { exploreTexts } from './explore-texts';

/** A list of public songs, with buttons to play and like them. */
@Component({
  selector: 'e-feed',
  imports: [Icon, LikeButton, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './feed.html',
  styleUrl: './feed.scss',
})
export class Feed {
  readonly songList = input.required<SongList>();
  /** The message of an empty list. */
  readonly emptyText = input.required<string>();
  /** Whether each song shows its author. */
  readonly showAuthor = input(true);
  protected readonly t = injectTexts(exploreTexts);
  protected readonly format = inject(Format);
  protected readonly player = inject(Player);
  private readonly language = inject(Language);

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  protected playing(song: Song): boolean {
    return this.player.isCurrent(song.id) && this.player.isPlaying();
  }

  protected toggle({ id, title, author, duration_seconds: durationSeconds }: Song): void {
    void this.player.toggle({ id, title, author, durationSeconds, link: ['/library/songs', id] });
  }
}
