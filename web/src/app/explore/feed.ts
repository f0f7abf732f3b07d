import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { parameterWord } from '../core/text/parameter-words';
import { Player } from '../core/player/player';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { LikeButton } from '../shared/songs/like-button';
import { Listing, Song } from '../shared/songs/listing';
import { exploreTexts } from './explore-texts';

/** Public songs, one below the other, to be played and liked. */
@Component({
  selector: 'e-feed',
  imports: [Icon, LikeButton, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './feed.html',
  styleUrl: './feed.scss',
})
export class Feed {
  readonly listing = input.required<Listing>();
  /** What to say when there is nothing. */
  readonly empty = input.required<string>();
  /** Whether the songs are of several authors, so that each has to be named. */
  readonly byMany = input(true);
  protected readonly t = injectTexts(exploreTexts);
  protected readonly format = inject(Format);
  protected readonly player = inject(Player);
  private readonly language = inject(Language);

  protected word(text: string): string {
    return parameterWord(text, this.language.code());
  }

  protected playing(song: Song): boolean {
    return this.player.is(song.id) && this.player.playing();
  }

  protected toggle({ id, title, author, duration_seconds: durationSeconds }: Song): void {
    void this.player.toggle({ id, title, author, durationSeconds, link: ['/library/songs', id] });
  }
}
