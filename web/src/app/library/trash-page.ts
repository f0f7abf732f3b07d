import { ChangeDetectionStrategy, Component, effect, inject, signal, untracked } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import type { Schema } from '../core/api/types';
import { Session } from '../core/session/session';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { LibraryTabs } from './library-tabs';
import { libraryTexts } from './library-texts';
import { SongActions } from './song-actions';

/** The songs that were deleted in the last 30 days. */
@Component({
  imports: [Icon, LibraryTabs, PageState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <e-library-tabs />
      @if (problem(); as problem) {
        <e-page-state [problem]="problem" (retry)="load()" />
      } @else if (deleted() === null && (session.user() || !session.isRestored())) {
        <e-page-state [loading]="true" />
      } @else if (!deleted()?.length) {
        <e-page-state icon="trash">{{ t('emptyTrash') }}</e-page-state>
      } @else {
        <ul>
          @for (song of deleted(); track song.id) {
            <li>
              <span class="title">{{ song.title }}</span>
              <span class="muted">{{ t('until', { date: format.date(song.restorable_until) }) }}</span>
              <button type="button" class="button small" (click)="restore(song.id)">
                <e-icon name="again" />{{ t('restore') }}
              </button>
            </li>
          }
        </ul>
      }
    </div>
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

    .button {
      margin-left: auto;
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
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly deleted = signal<readonly Schema<'DeletedSong'>[] | null>(null);
  protected readonly problem = signal<Problem | null>(null);
  private readonly api = inject(Api);
  private readonly songs = inject(SongActions);

  constructor() {
    effect(() => {
      if (this.session.user()) untracked(() => void this.load());
    });
  }

  protected async load(): Promise<void> {
    this.problem.set(null);
    try {
      this.deleted.set((await this.api.get('/api/v1/songs/trash', { query: { limit: 100 } })).items);
    } catch (error) {
      this.problem.set(Problem.from(error));
    }
  }

  protected async restore(id: string): Promise<void> {
    await this.songs.restore(id, () => this.deleted.update((all) => all?.filter((song) => song.id !== id) ?? null));
  }
}
