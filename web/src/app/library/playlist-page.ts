import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Session } from '../core/session/session';
import { Format } from '../core/text/format';
import { PageTitles } from '../core/text/page-titles';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Song } from '../shared/songs/song-list';
import { SongPlayButton } from '../shared/songs/song-play-button';
import { songTrack } from '../shared/songs/song-track';
import { libraryTexts } from './library-texts';

/** A playlist: plays its songs in order; its owner can reorder and remove them. */
@Component({
  imports: [Icon, PageState, RouterLink, SongPlayButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './playlist-page.html',
  styleUrl: './playlist-page.scss',
})
export default class PlaylistPage {
  readonly id = input.required<string>();
  protected readonly t = injectTexts(libraryTexts);
  protected readonly format = inject(Format);
  protected readonly player = inject(Player);
  protected readonly content = signal<Schema<'FullPlaylist'> | null>(null);
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly session = inject(Session);
  private readonly pageTitles = inject(PageTitles);

  constructor() {
    loadWhenReady(this.id, (id) => this.load(id));
  }

  protected isOwner(): boolean {
    return this.content()?.playlist.author_id === this.session.user()?.id;
  }

  protected async load(id: string): Promise<void> {
    await this.request.run(async () => {
      const path = { playlist_id: id };
      const content = await this.api.get('/api/v1/library/playlists/{playlist_id}', { path });
      this.content.set(content);
      this.pageTitles.name.set(content.playlist.title);
    });
  }

  protected playAll(songs: readonly Song[]): void {
    this.player.playAll(songs.map(songTrack));
  }

  protected async rename(input: HTMLInputElement): Promise<void> {
    const title = input.value.trim();
    const content = this.content();
    if (!content || title === content.playlist.title) return;
    if (!title) return void (input.value = content.playlist.title);
    try {
      const path = { playlist_id: this.id() };
      const playlist = await this.api.patch('/api/v1/library/playlists/{playlist_id}', { path, json: { title } });
      this.content.set({ ...content, playlist });
      this.pageTitles.name.set(title);
      this.notices.show(this.t('playlistRenamed', { title }), { kind: 'good' });
    } catch (error) {
      input.value = content.playlist.title;
      void this.errorMessages.show(error);
    }
  }

  protected moveUp(index: number): Promise<void> {
    const songs = [...(this.content()?.songs ?? [])];
    songs.splice(index - 1, 0, ...songs.splice(index, 1));
    return this.saveSongs(songs);
  }

  protected async remove(song: Song): Promise<void> {
    await this.saveSongs((this.content()?.songs ?? []).filter((other) => other.id !== song.id));
    this.notices.show(this.t('removed'));
  }

  protected async delete(): Promise<void> {
    try {
      await this.api.delete('/api/v1/library/playlists/{playlist_id}', { path: { playlist_id: this.id() } });
      this.notices.show(this.t('playlistDeleted'));
      await this.router.navigate(['/library/playlists']);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  private async saveSongs(songs: Song[]): Promise<void> {
    const previous = this.content();
    if (!previous) return;
    this.content.set({ ...previous, songs });
    try {
      const path = { playlist_id: this.id() };
      const json = { song_ids: songs.map((song) => song.id) };
      await this.api.put('/api/v1/library/playlists/{playlist_id}/songs', { path, json });
    } catch (error) {
      this.content.set(previous);
      void this.errorMessages.show(error);
    }
  }
}
