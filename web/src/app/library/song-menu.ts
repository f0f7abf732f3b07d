import { ChangeDetectionStrategy, Component, inject, input, output, viewChild } from '@angular/core';
import { MatMenu, MatMenuModule } from '@angular/material/menu';
import { RouterLink } from '@angular/router';
import { Composer } from '../compose/composer';
import { KeptPieces } from '../core/offline/kept-pieces';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Song } from '../shared/songs/song-list';
import { libraryTexts } from './library-texts';
import { OfflineActions } from './offline-actions';
import { offlineTexts } from './offline-texts';
import { SongActions } from './song-actions';

/** The menu of a song, for `matMenuTriggerFor`. */
@Component({
  selector: 'e-song-menu',
  imports: [Icon, MatMenuModule, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './song-menu.html',
  styles: `
    :host {
      display: none;
    }

    .entry {
      display: flex;
      align-items: center;
      gap: 0.75rem;

      &.danger {
        color: var(--danger);
      }
    }
  `,
})
export class SongMenu {
  readonly song = input.required<Song>();
  /** Whether the song belongs to the user. */
  readonly isOwner = input(true);
  /** Leave out the actions that the page of the song shows as buttons. */
  readonly compact = input(false);
  readonly xPosition = input<'before' | 'after'>('after');
  readonly edit = output<Song>();
  readonly delete = output<Song>();
  readonly menu = viewChild.required(MatMenu);
  protected readonly t = injectTexts(libraryTexts);
  protected readonly session = inject(Session);
  protected readonly actions = inject(SongActions);
  protected readonly composer = inject(Composer);
  protected readonly kept = inject(KeptPieces);
  protected readonly offlineActions = inject(OfflineActions);
  protected readonly offlineText = injectTexts(offlineTexts);
}
