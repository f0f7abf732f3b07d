import { ChangeDetectionStrategy, Component, computed, effect, inject, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { manifestLabel } from '../core/text/manifest-labels';
import { Session } from '../core/session/session';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { SongList } from '../shared/songs/song-list';
import { UrlQuery } from '../shared/songs/url-query';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

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
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly language = inject(Language);

  protected readonly songList = new SongList((query) =>
    this.api.get('/api/v1/library/explore', { query: { limit: 30, ...query } as never }),
  );
  protected readonly isFiltered = computed(() => Object.keys(this.query()).some((name) => name !== 'sort'));

  constructor() {
    effect(() => {
      const query = this.query();
      if (this.session.isRestored()) untracked(() => void this.songList.load(query));
    });
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }
}
