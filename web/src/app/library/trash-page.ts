import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { LibraryList } from './library-list';
import { libraryTexts } from './library-texts';
import { SongActions } from './song-actions';
import { UserItems } from './user-items';

/** The songs that were deleted in the last 30 days. */
@Component({
  imports: [Icon, LibraryList],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-library-list icon="trash" [list]="songs" [emptyText]="t('emptyTrash')">
      <ul>
        @for (song of songs.items(); track song.id) {
          <li>
            <span class="title">{{ song.title }}</span>
            <span class="muted">{{ t('until', { date: format.date(song.restorable_until) }) }}</span>
            <button type="button" class="button small" (click)="restore(song.id)">
              <e-icon name="again" />{{ t('restore') }}
            </button>
            <button type="button" class="button small" (click)="deletePermanently(song.id)">
              {{ t('deletePermanently') }}
            </button>
          </li>
        }
      </ul>
    </e-library-list>
  `,
  styles: `
    ul {
      list-style: none;
    }

    li {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 0.4rem 1rem;
      padding: 0.6rem 0;
      border-bottom: 1px solid var(--line);
    }

    .title {
      flex: 1 1 12rem;
      font-weight: 600;
      overflow-wrap: anywhere;
    }
  `,
})
export default class TrashPage {
  protected readonly t = injectTexts(libraryTexts);
  protected readonly format = inject(Format);
  private readonly api = inject(Api);
  private readonly actions = inject(SongActions);
  protected readonly songs = new UserItems<Schema<'DeletedSong'>>(() =>
    this.api.get('/api/v1/songs/trash', { query: { limit: 100 } }),
  );

  protected async restore(id: string): Promise<void> {
    await this.actions.restore(id, () => this.remove(id));
  }

  protected async deletePermanently(id: string): Promise<void> {
    if (await this.actions.deletePermanently(id)) this.remove(id);
  }

  private remove(id: string): void {
    this.songs.items.update((songs) => songs?.filter((song) => song.id !== id) ?? null);
  }
}
