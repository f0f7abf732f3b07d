import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Song } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';

/** Edits title, tags, visibility and comments of a song. Its result is the changed song. */
@Component({
  imports: [Icon, MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './edit-song-dialog.html',
  styles: `
    form {
      display: grid;
      gap: 1.1rem;
      padding-top: 0.25rem;
    }

    .check {
      display: flex;
      align-items: center;
      gap: 0.6rem;
    }

    .check input {
      width: 20px;
      height: 20px;
    }
  `,
})
export class EditSongDialog {
  protected readonly song = inject<Song>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(libraryTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly title = signal(this.song.title);
  protected readonly tags = signal(this.song.tags.join(', '));
  protected readonly visibility = signal(this.song.visibility);
  protected readonly commentsOpen = signal(this.song.comments_open);
  protected readonly visibilities = ['private', 'unlisted', 'public'] as const;
  protected readonly request = new RequestState();
  private readonly api = inject(Api);
  private readonly reference = inject<MatDialogRef<EditSongDialog, Song>>(MatDialogRef);

  protected titleError(): string | null {
    return this.title().trim()
      ? this.errorMessages.ofField(this.request.problem()?.field('title'))
      : this.t('titleRequired');
  }

  protected tagsError(): string | null {
    const error = this.request.problem()?.fields.find((field) => field.field.startsWith('body.tags'));
    return this.errorMessages.ofField(error);
  }

  protected async save(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.title().trim()) return;
    const json = this.changes();
    if (!Object.keys(json).length) return this.reference.close();
    await this.request.run(async () => {
      const path = { song_id: this.song.id };
      this.reference.close(await this.api.patch('/api/v1/songs/{song_id}', { path, json }));
    });
  }

  private changes(): Schema<'SongChanges'> {
    const tags = [
      ...new Set(
        this.tags()
          .split(',')
          .map((tag) => tag.trim()),
      ),
    ].filter(Boolean);
    return {
      ...(this.title().trim() !== this.song.title ? { title: this.title().trim() } : {}),
      ...(tags.join() !== this.song.tags.join() ? { tags } : {}),
      ...(this.visibility() !== this.song.visibility ? { visibility: this.visibility() } : {}),
      ...(this.commentsOpen() !== this.song.comments_open ? { comments_open: this.commentsOpen() } : {}),
    };
  }
}
