import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import type { Schema } from '../core/api/types';
import { Notices } from '../core/notices/notices';
import { Session } from '../core/session/session';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { LibraryList } from './library-list';
import { libraryTexts } from './library-texts';
import { UserItems } from './user-items';

/** The playlists of the user. */
@Component({
  imports: [Icon, LibraryList, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <e-library-list icon="list" [list]="playlists" [emptyHeading]="t('noPlaylists')" [emptyText]="t('noPlaylistsText')">
      @if (session.isRegistered()) {
        <form class="row" (submit)="create($event)">
          <label class="visually-hidden" for="name">{{ t('playlistName') }}</label>
          <input
            id="name"
            class="input"
            maxlength="200"
            [placeholder]="t('newPlaylist')"
            [value]="name()"
            (input)="name.set($any($event.target).value)"
          />
          <button type="submit" class="button primary" [disabled]="!name().trim()">
            <e-icon name="plus" />{{ t('create') }}
          </button>
        </form>
      }
      <ul>
        @for (playlist of playlists.items(); track playlist.id) {
          <li>
            <a class="panel" [routerLink]="['/library/playlists', playlist.id]">
              <e-icon name="list" />
              <span>
                <strong>{{ playlist.title }}</strong>
                <span class="muted">{{ format.date(playlist.created_at) }}</span>
              </span>
            </a>
          </li>
        }
      </ul>
    </e-library-list>
  `,
  styles: `
    form {
      flex-wrap: nowrap;
      max-width: 32rem;
      margin-bottom: 1.25rem;
    }

    ul {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
      gap: 0.8rem;
      list-style: none;
    }

    li a {
      display: flex;
      align-items: center;
      gap: 1rem;
      padding: 1rem 1.1rem;
      color: var(--text);
      text-decoration: none;
    }

    li a:hover {
      border-color: var(--accent);
    }

    li e-icon {
      font-size: 1.4rem;
      color: var(--accent);
    }

    li span {
      display: grid;
      min-width: 0;
      overflow-wrap: anywhere;
    }
  `,
})
export default class PlaylistsPage {
  protected readonly t = injectTexts(libraryTexts);
  protected readonly session = inject(Session);
  protected readonly format = inject(Format);
  protected readonly name = signal('');
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);
  protected readonly playlists = new UserItems<Schema<'PlaylistAnswer'>>(() =>
    this.api.get('/api/v1/library/playlists', { query: { limit: 100 } }),
  );

  protected async create(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const { title } = await this.api.post('/api/v1/library/playlists', { json: { title: this.name().trim() } });
      this.name.set('');
      this.notices.show(this.t('created', { title }), { kind: 'good' });
      await this.playlists.load();
    } catch (error) {
      void this.errorMessages.show(error);
    }
  }
}
