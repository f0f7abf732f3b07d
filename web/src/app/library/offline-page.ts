import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { KeptPiece, KeptPieces } from '../core/offline/kept-pieces';
import { Playback, Player } from '../core/player/player';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { PlayButton } from '../shared/play-button';
import { LibraryTabs } from './library-tabs';
import { OfflineActions } from './offline-actions';
import { offlineTexts } from './offline-texts';

/** The pieces that are kept in this browser. Works without a connection. */
@Component({
  imports: [Icon, LibraryTabs, PageState, PlayButton, RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="page">
      <e-library-tabs />
      @if (rows().length) {
        <div class="row head">
          <p class="muted">{{ t('lead') }}</p>
          <button type="button" class="button" (click)="player.playAll(tracks())">
            <e-icon name="play" />{{ t('playAll') }}
          </button>
        </div>
        <ul>
          @for (row of rows(); track row.piece.id) {
            <li [class.current]="player.isCurrent(row.piece.id)">
              <e-play-button appearance="icon" [playback]="row.playback" [title]="row.piece.title" />
              <div class="details">
                <a class="title" [routerLink]="['/library/songs', row.piece.id]">{{ row.piece.title }}</a>
                <span class="muted">{{ format.duration(row.piece.duration_seconds) }}</span>
              </div>
              <button
                type="button"
                class="icon-button"
                [attr.aria-label]="t('removeTitle', { title: row.piece.title })"
                (click)="actions.remove(row.piece)"
              >
                <e-icon name="close" />
              </button>
            </li>
          }
        </ul>
      } @else if (kept.isLoaded()) {
        <e-page-state icon="offline" [heading]="t('emptyTitle')">{{ t('emptyText') }}</e-page-state>
      } @else {
        <e-page-state [loading]="true" />
      }
    </div>
  `,
  styles: `
    .head {
      justify-content: space-between;
      margin-bottom: 1rem;
    }

    ul {
      display: grid;
      gap: 0.4rem;
      list-style: none;
    }

    li {
      display: flex;
      align-items: center;
      gap: 0.9rem;
      padding: 0.5rem 0.4rem;
      border-bottom: 1px solid var(--line);
    }

    .current {
      background: var(--sunken);
    }

    .details {
      display: grid;
      flex: 1;
      min-width: 0;
    }

    .title {
      overflow: hidden;
      color: var(--text);
      font-weight: 600;
      text-decoration: none;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  `,
})
export default class OfflinePage {
  protected readonly kept = inject(KeptPieces);
  protected readonly player = inject(Player);
  protected readonly actions = inject(OfflineActions);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(offlineTexts);
  protected readonly tracks = computed(() => this.kept.all().map((piece) => this.kept.track(piece)));
  protected readonly rows = computed(() => this.kept.all().map((piece) => this.row(piece)));

  private row(piece: KeptPiece) {
    const track = this.kept.track(piece);
    return {
      piece,
      playback: new Playback(
        computed(() => track),
        this.player,
      ),
    };
  }
}
