import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Feed } from '../explore/feed';
import { PageState } from '../shared/page-state';
import { SongList } from '../shared/songs/song-list';
import { LibraryTabs } from './library-tabs';
import { libraryTexts } from './library-texts';

/** The pieces that the user likes, the latest first. */
@Component({
  imports: [Feed, LibraryTabs, PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <e-library-tabs />
      @if (session.isRegistered()) {
        <e-feed [songList]="songList" [emptyText]="t('noLikes')" />
      } @else if (session.restoreProblem(); as problem) {
        <e-page-state [problem]="problem" (retry)="session.restore()" />
      } @else if (session.isRestored()) {
        <e-page-state icon="heart">{{ t('noLikes') }}</e-page-state>
      } @else {
        <e-page-state [loading]="true" />
      }
    </div>
  `,
})
export default class LikesPage {
  protected readonly t = injectTexts(libraryTexts);
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  protected readonly songList = new SongList((query) =>
    this.api.get('/api/v1/library/likes', { query: { limit: 30, ...query } as never }),
  );

  constructor() {
    loadWhenReady(
      () => this.session.user()?.id,
      () => this.songList.load({}),
    );
  }
}
