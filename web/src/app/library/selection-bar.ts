import { ChangeDetectionStrategy, Component, inject, input, output, signal } from '@angular/core';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Song } from '../shared/songs/song-list';
import { BulkActions } from './bulk-actions';
import { selectionTexts } from './selection-texts';

/** The actions on the selected songs; sticks to the top of the page. */
@Component({
  selector: 'e-selection-bar',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'toolbar', '[attr.aria-label]': "t('toolbar')" },
  template: `
    <span role="status">{{ t('selected', { n: songs().length }) }}</span>
    <button type="button" class="button small" [disabled]="isBusy()" (click)="delete()">
      <e-icon name="trash" />{{ t('delete') }}
    </button>
    @if (session.isRegistered()) {
      <button type="button" class="button small" [disabled]="isBusy()" (click)="actions.addToPlaylist(songs())">
        <e-icon name="list" />{{ t('addToPlaylist') }}
      </button>
    }
    <button type="button" class="button small" [disabled]="isBusy()" (click)="setVisibility('public')">
      {{ t('publish') }}
    </button>
    <button type="button" class="button small" [disabled]="isBusy()" (click)="setVisibility('private')">
      {{ t('unpublish') }}
    </button>
    <button type="button" class="button small" [disabled]="isBusy()" (click)="run(download)">
      <e-icon name="download" />{{ t('download') }}
    </button>
    <button type="button" class="button small quiet" (click)="cleared.emit()">{{ t('clear') }}</button>
  `,
  styles: `
    :host {
      position: sticky;
      top: 0;
      z-index: 3;
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 0.5rem;
      padding: 0.6rem 0;
      background: var(--bg);
    }

    span {
      margin-right: 0.5rem;
      font-weight: 600;
    }

    @media (width < 840px) {
      :host {
        top: 56px;
      }
    }
  `,
})
export class SelectionBar {
  readonly songs = input.required<readonly Song[]>();
  /** Called when deleted songs were restored, which may be after this bar has gone. */
  readonly onRestored = input.required<() => void>();
  readonly changed = output<Song>();
  readonly deleted = output<Song>();
  readonly cleared = output();
  protected readonly isBusy = signal(false);
  protected readonly actions = inject(BulkActions);
  protected readonly session = inject(Session);
  protected readonly t = injectTexts(selectionTexts);

  protected readonly download = () => this.actions.download(this.songs());

  protected delete(): Promise<void> {
    return this.run(async () => {
      const deleted = await this.actions.delete(this.songs(), this.onRestored());
      deleted.forEach((song) => this.deleted.emit(song));
    });
  }

  protected setVisibility(visibility: 'public' | 'private'): Promise<void> {
    return this.run(async () => {
      const changed = await this.actions.setVisibility(this.songs(), visibility);
      changed.forEach((song) => this.changed.emit(song));
    });
  }

  protected async run(action: () => Promise<void>): Promise<void> {
    this.isBusy.set(true);
    try {
      await action();
    } finally {
      this.isBusy.set(false);
    }
  }
}
