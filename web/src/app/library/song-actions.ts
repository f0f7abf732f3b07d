import { Injectable, inject } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Player, Track } from '../core/player/player';
import { ErrorMessages } from '../core/text/error-messages';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Song } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';

/** What a listener does with songs of theirs, wherever they are shown. */
@Injectable({ providedIn: 'root' })
export class SongActions {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly player = inject(Player);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly t = injectTexts(libraryTexts);
  private readonly common = injectTexts(commonTexts);

  track(song: Song): Track {
    const { id, title, author, duration_seconds: durationSeconds } = song;
    return { id, title, author, durationSeconds, link: ['/library/songs', id] };
  }

  toggle(song: Song): void {
    void this.player.toggle(this.track(song));
  }

  download(song: Song): void {
    void this.dialogs.open(() => import('../shared/download/download-dialog').then((m) => m.DownloadDialog), song);
  }

  share(song: Song): void {
    void this.dialogs.open(() => import('../shared/share/share-dialog').then((m) => m.ShareDialog), song);
  }

  /** The song as it is afterwards, or undefined when nothing was changed. */
  edit(song: Song): Promise<Song | undefined> {
    return this.dialogs.open<Song>(() => import('./edit-dialog').then((m) => m.EditDialog), song);
  }

  addToPlaylist(song: Song): void {
    void this.dialogs.open(() => import('./playlist-dialog').then((m) => m.PlaylistDialog), song);
  }

  /** Composes with the song's settings and another seed, and shows how. */
  async again(song: Song): Promise<void> {
    try {
      const path = { song_id: song.id };
      const { body } = await this.api.get('/api/v1/songs/{song_id}/remix', { path });
      const order = await this.api.post('/api/v1/generations', { json: body as Schema<'GenerationRequest'> });
      await this.router.navigate(['/'], { queryParams: { piece: order.id } });
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  /** Deletes with a way back; `restored` is called if it is taken. Whether it was deleted. */
  async delete(song: Song, restored: (song: Song) => void): Promise<boolean> {
    try {
      await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id: song.id } });
    } catch (error) {
      this.errorMessages.show(error);
      return false;
    }
    if (this.player.isCurrent(song.id)) this.player.close();
    const undo = { label: this.common('undo'), run: () => void this.restore(song.id, restored) };
    this.notices.show(this.t('deleted', { title: song.title }), { action: undo });
    return true;
  }

  async restore(id: string, restored: (song: Song) => void): Promise<void> {
    try {
      const song = await this.api.post('/api/v1/songs/{song_id}/restore', { path: { song_id: id } });
      this.notices.show(this.t('restored', { title: song.title }), { kind: 'good' });
      restored(song);
    } catch (error) {
      this.errorMessages.show(error);
    }
  }

  /** A MIDI file as a song; undefined when it was refused. */
  async import(file: File): Promise<Song | undefined> {
    if (file.size > 1_048_576) {
      this.notices.show(this.t('tooLarge'), { kind: 'problem' });
      return undefined;
    }
    const title = file.name.replace(/\.midi?$/i, '').slice(0, 200) || 'MIDI';
    try {
      const url = `/api/v1/library/imports?${new URLSearchParams({ title })}`;
      const headers = { 'Content-Type': 'audio/midi', 'Idempotency-Key': crypto.randomUUID() };
      const response = await this.api.fetch(url, { method: 'POST', headers, body: file }, 'guest');
      const song = (await response.json()) as Song;
      this.notices.show(this.t('imported', { title: song.title }), { kind: 'good' });
      return song;
    } catch (error) {
      this.errorMessages.show(error);
      return undefined;
    }
  }
}
