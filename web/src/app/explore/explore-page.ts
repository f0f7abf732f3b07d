import { ChangeDetectionStrategy, Component, computed, effect, inject, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { manifestLabel } from '../core/text/manifest-labels';
import { Session } from '../core/session/session';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { SongList, Sort } from '../shared/songs/song-list';
import { UrlQuery } from '../shared/songs/url-query';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

interface FeedOption {
  readonly key: 'newest' | 'liked' | 'followed';
  readonly sort?: Sort;
  readonly following?: true;
}

const PUBLIC_FEEDS: readonly FeedOption[] = [{ key: 'newest' }, { key: 'liked', sort: 'liked' }];
const FOLLOWED_FEED: FeedOption = { key: 'followed', following: true };

/** The public songs: newest, most liked, of a style, or of authors that the user follows. */
@Component({
  imports: [Feed, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './explore-page.html',
  styleUrl: './explore-page.scss',
})
export default class ExplorePage {
  protected readonly urlQuery = new UrlQuery();
  protected readonly query = this.urlQuery.query;
  protected readonly t = injectTexts(exploreTexts);
  private readonly api = inject(Api);
  private readonly session = inject(Session);
  private readonly language = inject(Language);

  protected readonly songList = new SongList((query) =>
    this.api.get('/api/v1/library/explore', { query: { limit: 30, ...query } as never }),
  );
  protected readonly feeds = computed(() =>
    this.session.isRegistered() ? [...PUBLIC_FEEDS, FOLLOWED_FEED] : PUBLIC_FEEDS,
  );
  protected readonly isFiltered = computed(() => Object.keys(this.query()).some((name) => name !== 'sort'));

  constructor() {
    effect(() => {
      const query = this.query();
      if (this.session.isRestored()) untracked(() => void this.songList.load(query));
    });
  }

  protected isActive({ sort, following }: FeedOption): boolean {
    const query = this.query();
    if (following) return !!query.following;
    return sort ? query.sort === sort : !query.sort && !query.following;
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }
}
