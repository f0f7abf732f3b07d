import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { PageTitles } from '../core/text/page-titles';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { SongList } from '../shared/songs/song-list';
import { Avatar } from '../shared/users/avatar';
import { PlainText } from '../shared/users/plain-text';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

/** The profile of a user: name, picture, text, public pieces and playlists, followers. */
@Component({
  imports: [Avatar, Feed, Icon, PageState, PlainText, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './author-page.html',
  styleUrl: './author-page.scss',
})
export default class AuthorPage {
  readonly id = input.required<string>();
  protected readonly t = injectTexts(exploreTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly author = signal<Schema<'AuthorAnswer'> | null>(null);
  protected readonly playlists = signal<readonly Schema<'PlaylistAnswer'>[]>([]);
  protected readonly followers = signal<Schema<'Followers'> | null>(null);
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
      const path = { author_id: id };
      const author = await this.api.get('/api/v1/library/authors/{author_id}', { path });
      this.author.set(author);
      this.pageTitles.name.set(author.name);
      const [playlists, followers] = await Promise.all([
        this.api.get('/api/v1/library/authors/{author_id}/playlists', { path }),
        this.api.get('/api/v1/library/authors/{author_id}/followers', { path }),
        this.songList.load({}),
      ]);
      this.playlists.set(playlists.items);
      this.followers.set(followers);
    });
  }

  protected async follow(author: Schema<'AuthorAnswer'>): Promise<void> {
    const path = { author_id: author.id };
    try {
      if (author.followed) await this.api.delete('/api/v1/library/authors/{author_id}/follow', { path });
      else await this.api.put('/api/v1/library/authors/{author_id}/follow', { path });
      const followers = author.followers + (author.followed ? -1 : 1);
      this.author.set({ ...author, followed: !author.followed, followers });
      this.followers.set(await this.api.get('/api/v1/library/authors/{author_id}/followers', { path }));
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async block(author: Schema<'AuthorAnswer'>): Promise<void> {
    const path = { author_id: author.id };
    try {
      if (author.blocked) await this.api.delete('/api/v1/library/authors/{author_id}/block', { path });
      else await this.api.put('/api/v1/library/authors/{author_id}/block', { path });
      await this.load(author.id);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
