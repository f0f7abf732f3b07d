import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  ElementRef,
  computed,
  effect,
  inject,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { KeptPieces } from '../core/offline/kept-pieces';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { SongList, Song, Sort } from '../shared/songs/song-list';
import { UrlQuery } from '../shared/songs/url-query';
import { KeptList } from './kept-list';
import { LibraryTabs } from './library-tabs';
import { libraryTexts } from './library-texts';
import { offlineTexts } from './offline-texts';
import { SelectionBar } from './selection-bar';
import { SongFilters } from './song-filters';
import { SongTable } from './song-table';
import { SongActions } from './song-actions';

/** The songs of the user, with search, filters and order, which are kept in the URL. */
@Component({
  imports: [Icon, LibraryTabs, PageState, RouterLink, SelectionBar, SongFilters, SongTable],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './library-page.html',
  styleUrl: './library-page.scss',
})
export default class LibraryPage {
  protected readonly urlQuery = new UrlQuery();
  protected readonly query = this.urlQuery.query;
  protected readonly t = injectTexts(libraryTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly kept = inject(KeptPieces);
  protected readonly offlineText = injectTexts(offlineTexts);
  protected readonly filtersOpen = signal(false);
  protected readonly sortOptions = [
    { value: 'newest', key: 'newest' },
    { value: 'oldest', key: 'oldest' },
    { value: 'title', key: 'byTitle' },
    { value: 'longest', key: 'longest' },
    { value: 'shortest', key: 'shortest' },
    { value: 'liked', key: 'liked' },
  ] as const;
  private readonly api = inject(Api);
  private readonly songs = inject(SongActions);
  private readonly listEnd = viewChild<ElementRef<HTMLElement>>('listEnd');

  protected readonly songList = new SongList((query) =>
    this.api.get('/api/v1/songs', { query: { limit: 30, ...query } as never }),
  );
  protected readonly filterCount = computed(
    () => Object.keys(this.query()).filter((name) => name !== 'q' && name !== 'sort').length,
  );
  protected readonly isFiltered = computed(() => this.filterCount() > 0 || !!this.query().q);
  protected readonly count = computed(() => {
    const n = this.songList.songs().length;
    if (this.songList.isComplete()) return this.t('count', { n });
    const total = this.total();
    return total === null ? this.t('countMore', { n }) : this.t('count', { n: total });
  });
  /** The number of all songs of the list; null while it is unknown, or if they are too many to count. */
  private readonly total = signal<number | null>(null);

  protected readonly none: ReadonlySet<string> = new Set();
  protected readonly selected = signal(this.none);
  protected readonly selectedSongs = computed(() =>
    this.songList.songs().filter((song) => this.selected().has(song.id)),
  );

  constructor() {
    const kept = inject(KeptList);
    const isBack = inject(Router).currentNavigation()?.trigger === 'popstate';
    let user = this.session.user()?.id;
    // Shown at once, so that the router can restore the scroll position.
    let rows = isBack && user ? kept.take(user, this.query()) : null;
    effect(() => {
      const query = this.query();
      if (!this.session.user()) return;
      user = this.session.user()?.id;
      const shown = rows;
      rows = null;
      untracked(() => void (shown ? this.songList.restore(shown) : this.songList.load(query)));
    });
    inject(DestroyRef).onDestroy(() => kept.keep(user, this.songList.keep()));
    effect(() => {
      this.songList.songs();
      const query = this.query();
      if (this.songList.isLoaded() && !this.songList.isComplete()) untracked(() => void this.countSongs(query));
    });
    effect((onCleanup) => {
      const end = this.listEnd()?.nativeElement;
      if (!end) return;
      const observer = new IntersectionObserver(
        (entries) => entries[0]?.isIntersecting && void this.songList.loadMore(),
      );
      observer.observe(end);
      onCleanup(() => observer.disconnect());
    });
  }

  private async countSongs(query: object): Promise<void> {
    try {
      const facets = await this.api.get('/api/v1/songs/facets', { query: { ...query, sort: undefined } as never });
      this.total.set(facets.complete ? facets.counted : null);
    } catch {
      // The number that is loaded is shown.
    }
  }

  protected readonly reload = () => void this.songList.reload();

  protected setSort(sort: Sort): void {
    this.urlQuery.update({ sort: sort === 'newest' ? undefined : sort });
  }

  protected restored(song: Song): void {
    if (!this.songList.songs().some((other) => other.id === song.id)) void this.songList.reload();
  }

  protected async import(input: HTMLInputElement): Promise<void> {
    const files = [...(input.files ?? [])];
    input.value = '';
    if ((await this.songs.importAll(files)).length) await this.songList.reload();
  }
}
