import { Injectable, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { Notices } from '../core/notices/notices';
import { Player } from '../core/player/player';
import { ErrorMessages } from '../core/text/error-messages';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Dialogs } from '../shared/dialogs';
import { fileName, saveFile } from '../shared/save-file';
import { Song } from '../shared/songs/song-list';
import { selectionTexts } from './selection-texts';

/** Actions on several songs of the user. Each returns the songs for which it succeeded, and reports the others. */
@Injectable({ providedIn: 'root' })
export class BulkActions {
  private readonly api = inject(Api);
  private readonly dialogs = inject(Dialogs);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly notices = inject(Notices);
  private readonly player = inject(Player);
  private readonly t = injectTexts(selectionTexts);
  private readonly common = injectTexts(commonTexts);

  /** Delete songs, with a notice to undo it; `onRestored` is called after that. */
  async delete(songs: readonly Song[], onRestored: () => void): Promise<readonly Song[]> {
    const deleted = await this.each(songs, async (song) => {
      await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id: song.id } });
      if (this.player.isCurrent(song.id)) this.player.close();
      return song;
    });
    if (deleted.length) {
      const undo = { label: this.common('undo'), run: () => void this.restore(deleted, onRestored) };
      this.notices.show(this.t('deleted', { n: deleted.length }), { action: undo });
    }
    return deleted;
  }

  /** Publish songs or make them private. Returns the changed songs. */
  async setVisibility(songs: readonly Song[], visibility: 'public' | 'private'): Promise<readonly Song[]> {
    const changed = await this.each(songs, (song) =>
      this.api.patch('/api/v1/songs/{song_id}', { path: { song_id: song.id }, json: { visibility } }),
    );
    const key = visibility === 'public' ? 'published' : 'unpublished';
    if (changed.length) this.notices.show(this.t(key, { n: changed.length }), { kind: 'good' });
    return changed;
  }

  addToPlaylist(songs: readonly Song[]): void {
    void this.dialogs.open(() => import('./add-to-playlist-dialog').then((m) => m.AddToPlaylistDialog), songs);
  }

  /** Save the MIDI files of songs in one archive. */
  async download(songs: readonly Song[]): Promise<void> {
    const files = await this.each(songs, async (song) => {
      const response = await this.api.fetch(song.midi_url ?? `/api/v1/songs/${song.id}/midi`);
      return { name: fileName(song.title, 'mid'), content: new Uint8Array(await response.arrayBuffer()) };
    });
    if (!files.length) return;
    const { zipSync } = await import('fflate');
    const taken = new Set<string>();
    const entries = files.map(({ name, content }) => [uniqueName(name, taken), content] as const);
    saveFile(new Blob([zipSync(Object.fromEntries(entries))], { type: 'application/zip' }), 'Euterpe.zip');
  }

  private async restore(songs: readonly Song[], onRestored: () => void): Promise<void> {
    const restored = await this.each(songs, (song) =>
      this.api.post('/api/v1/songs/{song_id}/restore', { path: { song_id: song.id } }),
    );
    if (restored.length) this.notices.show(this.t('restored', { n: restored.length }), { kind: 'good' });
    onRestored();
  }

  /** Run an action for one song after the other; errors are reported once. */
  private async each<T>(songs: readonly Song[], action: (song: Song) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    let failure: unknown;
    for (const song of songs) {
      try {
        results.push(await action(song));
      } catch (error) {
        failure = error;
      }
    }
    const n = songs.length - results.length;
    if (n) {
      const reason = await this.errorMessages.text(failure);
      this.notices.show(this.t('failed', { n, reason }), { kind: 'problem' });
    }
    return results;
  }
}

/** Return the name, numbered if it is taken. */
function uniqueName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf('.');
  let unique = name;
  for (let number = 2; taken.has(unique); number++) unique = `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
  taken.add(unique);
  return unique;
}
