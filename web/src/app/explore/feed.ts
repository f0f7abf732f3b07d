import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { manifestLabel } from '../core/text/manifest-labels';
import { Player } from '../core/player/player';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { LikeButton } from '../shared/songs/like-button';
import { SongList } from '../shared/songs/song-list';
import { SongPlayButton } from '../shared/songs/song-play-button';
import { exploreTexts } from './explore-texts';

/** A list of public songs, with buttons to play and like them. */
@Component({
  selector: 'e-feed',
  imports: [LikeButton, PageState, RouterLink, SongPlayButton],
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
}
