import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Song } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';

/** Adds a song, or several, to an existing or a new playlist. */
@Component({
  imports: [Icon, MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <h2 mat-dialog-title>{{ t('addToPlaylist') }}</h2>
    <mat-dialog-content>
      <ul>
        @for (playlist of playlists(); track playlist.id) {
          <li>
            <button type="button" class="button" (click)="add(playlist)">
              <e-icon name="list" />{{ playlist.title }}
            </button>
          </li>
        }
      </ul>
      <form (submit)="create($event)">
        <label class="visually-hidden" for="playlist-name">{{ t('playlistName') }}</label>
        <input
          id="playlist-name"
          class="input"
          maxlength="200"
          [placeholder]="t('newPlaylist')"
          [value]="name()"
          (input)="name.set($any($event.target).value)"
        />
        <button type="submit" class="button primary" [disabled]="!name().trim()">{{ t('create') }}</button>
      </form>
    </mat-dialog-content>
    <mat-dialog-actions align="end">
      <button type="button" class="button quiet" mat-dialog-close>{{ common('close') }}</button>
    </mat-dialog-actions>
  `,
  styles: `
    ul {
      display: grid;
      gap: 0.5rem;
      list-style: none;
    }

    li .button {
      width: 100%;
      justify-content: flex-start;
    }

    form {
      display: flex;
      gap: 0.6rem;
      margin-top: 1rem;
      padding-bottom: 0.3rem;
    }
  `,
})
export class AddToPlaylistDialog {
  private readonly songs = [inject<Song | readonly Song[]>(MAT_DIALOG_DATA)].flat() as readonly Song[];
  protected readonly t = injectTexts(libraryTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly playlists = signal<readonly Schema<'PlaylistAnswer'>[]>([]);
  protected readonly name = signal('');
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly reference = inject<MatDialogRef<AddToPlaylistDialog>>(MatDialogRef);

  constructor() {
    this.api.get('/api/v1/library/playlists', { query: { limit: 100 } }).then(
      (page) => this.playlists.set(page.items),
      (error: unknown) => this.errorMessages.show(error),
    );
  }

  protected async create(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const json = { title: this.name().trim() };
      await this.add(await this.api.post('/api/v1/library/playlists', { json }));
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }

  protected async add(playlist: Schema<'PlaylistAnswer'>): Promise<void> {
    try {
      for (const song of this.songs) {
        const path = { playlist_id: playlist.id, song_id: song.id };
        await this.api.put('/api/v1/library/playlists/{playlist_id}/songs/{song_id}', { path });
      }
      this.notices.show(this.t('added', { title: playlist.title }), { kind: 'good' });
      this.reference.close();
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
