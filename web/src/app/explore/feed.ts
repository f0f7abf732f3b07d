import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { Session } from '../core/session/session';
import { Format } from '../core/text/format';
import { Say } from '../core/text/say';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Listing, Song } from '../shared/songs/listing';
import { exploreTexts } from './explore-texts';

/** Public songs, one below the other, to be played and liked. */
@Component({
  selector: 'e-feed',
  imports: [Icon, PageState, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './feed.html',
  styleUrl: './feed.scss',
})
export class Feed {
  readonly listing = input.required<Listing>();
  /** What to say when there is nothing. */
  readonly empty = input.required<string>();
  protected readonly t = injectTexts(exploreTexts);
  protected readonly format = inject(Format);
  protected readonly player = inject(Player);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly say = inject(Say);
  private readonly session = inject(Session);

  protected playing(song: Song): boolean {
    return this.player.is(song.id) && this.player.playing();
  }

  protected toggle({ id, title, author, duration_seconds: durationSeconds }: Song): void {
    void this.player.toggle({ id, title, author, durationSeconds, link: ['/library/songs', id] });
  }

  protected async like(song: Song): Promise<void> {
    if (!this.session.member()) {
      this.notices.show(this.t('loginToLike'));
      return;
    }
    const liked = !song.liked;
    const shown = { ...song, liked, like_count: song.like_count + (liked ? 1 : -1) };
    // Shown at once, and taken back if it was refused.
    this.listing().replace(shown);
    try {
      const path = { song_id: song.id };
      if (liked) await this.api.put('/api/v1/songs/{song_id}/like', { path });
      else await this.api.delete('/api/v1/songs/{song_id}/like', { path });
    } catch (error) {
      this.listing().replace(song);
      this.say.notice(error);
    }
  }
}
