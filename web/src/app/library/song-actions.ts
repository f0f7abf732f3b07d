import { Injectable, inject } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { ErrorMessages } from '../core/text/error-messages';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { Song } from '../shared/songs/song-list';
import { importReason, importTexts } from './import-texts';
import { libraryTexts } from './library-texts';

const MAX_MIDI_BYTES = 1_048_576;

/** The actions of the user on songs, shared by all pages that show songs. */
@Injectable({ providedIn: 'root' })
export class SongActions {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly notices = inject(Notices);
  private readonly player = inject(Player);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly t = injectTexts(libraryTexts);
  private readonly importText = injectTexts(importTexts);
  private readonly common = injectTexts(commonTexts);

  download(song: Song): void {
    void this.dialogs.open(() => import('../shared/download/download-dialog').then((m) => m.DownloadDialog), song);
  }

  showScore(song: Song): void {
    void this.dialogs.open(() => import('../shared/score/score-dialog').then((m) => m.ScoreDialog), song, '64rem');
  }

  share(song: Song): void {
    void this.dialogs.open(() => import('../shared/share/share-dialog').then((m) => m.ShareDialog), song);
  }

  /** Open the edit dialog. Resolves to the changed song, or undefined if nothing changed. */
  edit(song: Song): Promise<Song | undefined> {
    return this.dialogs.open<Song>(() => import('./edit-song-dialog').then((m) => m.EditSongDialog), song);
  }

  addToPlaylist(song: Song): void {
    void this.dialogs.open(() => import('./add-to-playlist-dialog').then((m) => m.AddToPlaylistDialog), song);
  }

  /** Request a generation with the song's settings and another seed, and open its page. */
  async composeAgain(song: Song): Promise<void> {
    try {
      const path = { song_id: song.id };
      const { body, remix_of } = await this.api.get('/api/v1/songs/{song_id}/remix', { path });
      const json = { ...(body as Schema<'GenerationRequest'>), remix_of };
      const generation = await this.api.post('/api/v1/generations', { json });
      await this.router.navigate(['/'], { queryParams: { piece: generation.id } });
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  /** Delete a song with a notice to undo it; `onRestored` is called after that. Returns whether it was deleted. */
  async delete(song: Song, onRestored: (song: Song) => void): Promise<boolean> {
    try {
      await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id: song.id } });
    } catch (error) {
      void this.errorMessages.show(error);
      return false;
    }
    if (this.player.isCurrent(song.id)) this.player.close();
    const undo = { label: this.common('undo'), run: () => void this.restore(song.id, onRestored) };
    this.notices.show(this.t('deleted', { title: song.title }), { action: undo });
    return true;
  }

  async restore(id: string, onRestored: (song: Song) => void): Promise<void> {
    try {
      const song = await this.api.post('/api/v1/songs/{song_id}/restore', { path: { song_id: id } });
      this.notices.show(this.t('restored', { title: song.title }), { kind: 'good' });
      onRestored(song);
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  /** Delete a song from the trash permanently. Returns whether it was deleted. */
  async deletePermanently(id: string): Promise<boolean> {
    try {
      await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id: id }, query: { permanent: true } });
    } catch (error) {
      void this.errorMessages.show(error);
      return false;
    }
    this.notices.show(this.t('deletedPermanently'), { kind: 'good' });
    return true;
  }

  /** Import several files, one after the other; files that are refused get a notice with the reason. */
  async importAll(files: readonly File[]): Promise<Song[]> {
    const songs: Song[] = [];
    for (const file of files) {
      const song = await this.import(file);
      if (song) songs.push(song);
    }
    return songs;
  }

  /** Import a MIDI file. Resolves to the song, or undefined if the file was rejected. */
  async import(file: File): Promise<Song | undefined> {
    if (file.size > MAX_MIDI_BYTES) {
      this.notices.show(this.t('tooLarge'), { kind: 'problem' });
      return undefined;
    }
    try {
      // The song is named after the file's own title, or else after the file.
      const filename = file.name.slice(-255);
      const url = `/api/v1/library/imports?${new URLSearchParams({ filename })}`;
      const headers = { 'Content-Type': 'audio/midi', 'Idempotency-Key': crypto.randomUUID() };
      const response = await this.api.fetch(url, { method: 'POST', headers, body: file }, 'guest');
      const song = (await response.json()) as Song;
      this.notices.show(this.t('imported', { title: song.title }), { kind: 'good' });
      return song;
    } catch (error) {
      const reason = importReason(Problem.from(error).field('body')?.limits?.['reason']);
      if (reason === null) this.errorMessages.show(error);
      else {
        const values = { file: file.name, reason: this.importText(reason) };
        this.notices.show(this.importText('notImported', values), { kind: 'problem' });
      }
      return undefined;
    }
  }

  /** Copy the address of a public song, or offer it to the apps of a phone. */
  async copyLink(song: Song): Promise<void> {
    const url = `${location.origin}/library/songs/${song.id}`;
    if ('share' in navigator) {
      // The user may cancel.
      await navigator.share({ title: song.title, url }).catch(() => undefined);
      return;
    }
    try {
      await (navigator as Navigator).clipboard.writeText(url);
      this.notices.show(this.t('linkCopied'), { kind: 'good' });
    } catch {
      // The clipboard is unavailable or denied: the link can be copied from the notice.
      this.notices.show(url);
    }
  }
}
