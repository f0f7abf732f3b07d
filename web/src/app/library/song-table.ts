import { ChangeDetectionStrategy, Component, computed, inject, input, model, output } from '@angular/core';
import { MatMenuTrigger } from '@angular/material/menu';
import { RouterLink } from '@angular/router';
import { Composer } from '../compose/composer';
import { Player } from '../core/player/player';
import { commonTexts } from '../core/text/common-texts';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Song, Sort } from '../shared/songs/song-list';
import { SongPlayButton } from '../shared/songs/song-play-button';
import { LibraryKey, libraryTexts } from './library-texts';
import { SongActions } from './song-actions';
import { RollThumbnail } from './roll-thumbnail';
import { selectionTexts } from './selection-texts';
import { SongMenu } from './song-menu';

interface Column {
  readonly key: LibraryKey;
  readonly name: string;
  /** The sort orders between which a click on the header alternates. */
  readonly sorts: readonly Sort[];
}

/** A table of songs; on narrow screens each row becomes a card. */
@Component({
  selector: 'e-song-table',
  imports: [Icon, MatMenuTrigger, RollThumbnail, RouterLink, SongMenu, SongPlayButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './song-table.html',
  styleUrl: './song-table.scss',
})
export class SongTable {
  readonly songs = input.required<readonly Song[]>();
  readonly sort = input<Sort>('newest');
  readonly sortChange = output<Sort>();
  readonly changed = output<Song>();
  readonly deleted = output<Song>();
  readonly restored = output<Song>();
  /** The ids of the selected songs. */
  readonly selected = model<ReadonlySet<string>>(new Set());
  protected readonly t = injectTexts(libraryTexts);
  protected readonly selection = injectTexts(selectionTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly format = inject(Format);
  protected readonly player = inject(Player);
  protected readonly actions = inject(SongActions);
  protected readonly composer = inject(Composer);
  protected readonly columns: readonly Column[] = [
    { key: 'songTitle', name: 'title', sorts: ['title'] },
    { key: 'model', name: 'model', sorts: [] },
    { key: 'key', name: 'key', sorts: [] },
    { key: 'length', name: 'length', sorts: ['longest', 'shortest'] },
    { key: 'date', name: 'date', sorts: ['newest', 'oldest'] },
  ];

  constructor() {
    // The models determine whether a piece can be continued or accompanied.
    void this.composer.loadModels();
  }

  protected readonly allSelected = computed(() => this.songs().every((song) => this.selected().has(song.id)));

  protected select(song: Song): void {
    const selected = new Set(this.selected());
    if (!selected.delete(song.id)) selected.add(song.id);
    this.selected.set(selected);
  }

  protected selectAll(): void {
    this.selected.set(new Set(this.allSelected() ? [] : this.songs().map((song) => song.id)));
  }

  protected sortDirection(column: Column): 'ascending' | 'descending' | null {
    const index = column.sorts.indexOf(this.sort());
    if (index < 0) return null;
    return ['title', 'shortest', 'oldest'].includes(this.sort()) ? 'ascending' : 'descending';
  }

  protected toggleSort(column: Column): void {
    const index = column.sorts.indexOf(this.sort());
    const next = column.sorts[(index + 1) % column.sorts.length];
    if (next) this.sortChange.emit(next);
  }

  protected async edit(song: Song): Promise<void> {
    const changed = await this.actions.edit(song);
    if (changed) this.changed.emit(changed);
  }

  protected async delete(song: Song): Promise<void> {
    if (await this.actions.delete(song, (restored) => this.restored.emit(restored))) this.deleted.emit(song);
  }
}
