import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { PageTitles } from '../core/text/page-titles';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PageState } from '../shared/page-state';
import { SongList } from '../shared/songs/song-list';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

/** An author and their public songs. */
@Component({
  imports: [Feed, PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      @if (request.problem(); as problem) {
        <h1 class="visually-hidden">{{ t('title') }}</h1>
        <e-page-state [problem]="problem" (retry)="load(id())" />
      } @else if (author(); as author) {
        <header>
          <h1>{{ author.name }}</h1>
          <p class="row">
            <span class="muted">
              {{ t('songs', { n: author.songs }) }} · {{ t('followers', { n: author.followers }) }}
            </span>
            @if (session.isRegistered() && session.user()?.id !== author.id) {
              <button type="button" class="button small" [attr.aria-pressed]="author.followed" (click)="follow(author)">
                {{ t(author.followed ? 'unfollow' : 'follow') }}
              </button>
            }
          </p>
        </header>
        <e-feed [songList]="songList" [emptyText]="t('none')" [showAuthor]="false" />
      } @else {
        <h1 class="visually-hidden">{{ t('title') }}</h1>
        <e-page-state [loading]="true" />
      }
    </div>
  `,
})
export default class AuthorPage {
  readonly id = input.required<string>();
  protected readonly t = injectTexts(exploreTexts);
  protected readonly session = inject(Session);
  protected readonly author = signal<Schema<'AuthorAnswer'> | null>(null);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly pageTitles = inject(PageTitles);

  protected readonly songList = new SongList((query) =>
    this.api.get('/api/v1/library/explore', { query: { limit: 30, author: this.id(), ...query } as never }),
  );

  constructor() {
    loadWhenReady(this.id, (id) => this.load(id));
  }

  protected async load(id: string): Promise<void> {
    await this.request.run(async () => {
      const author = await this.api.get('/api/v1/library/authors/{author_id}', { path: { author_id: id } });
      this.author.set(author);
      this.pageTitles.name.set(author.name);
      await this.songList.load({});
    });
  }

  protected async follow(author: Schema<'AuthorAnswer'>): Promise<void> {
    const path = { author_id: author.id };
    try {
      if (author.followed) await this.api.delete('/api/v1/library/authors/{author_id}/follow', { path });
      else await this.api.put('/api/v1/library/authors/{author_id}/follow', { path });
      const followers = author.followers + (author.followed ? -1 : 1);
      this.author.set({ ...author, followed: !author.followed, followers });
    } catch (error) {
      this.errorMessages.show(error);
    }
  }
}
