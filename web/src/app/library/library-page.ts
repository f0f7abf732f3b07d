import {
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  computed,
  effect,
  inject,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../core/api/api';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Listing, Song, Sort } from '../shared/songs/listing';
import { AddressedQuery } from '../shared/songs/query';
import { LibraryTabs } from './library-tabs';
import { libraryTexts } from './library-texts';
import { SongFilters } from './song-filters';
import { SongTable } from './song-table';
import { Songs } from './songs';

/** A listener's own songs: searched while typing, filtered, ordered; what is shown stands in the address. */
@Component({
  imports: [Icon, LibraryTabs, PageState, RouterLink, SongFilters, SongTable],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './library-page.html',
  styleUrl: './library-page.scss',
})
export default class LibraryPage {
  protected readonly address = new AddressedQuery();
  protected readonly query = this.address.query;
  protected readonly t = injectTexts(libraryTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly session = inject(Session);
  protected readonly filtersOpen = signal(false);
  protected readonly sorts = [
    { value: 'newest', key: 'newest' },
    { value: 'oldest', key: 'oldest' },
    { value: 'title', key: 'byTitle' },
    { value: 'longest', key: 'longest' },
    { value: 'shortest', key: 'shortest' },
    { value: 'liked', key: 'liked' },
  ] as const;
  private readonly api = inject(Api);
  private readonly songs = inject(Songs);
  private readonly end = viewChild<ElementRef<HTMLElement>>('end');

  protected readonly listing = new Listing((query) =>
    this.api.get('/api/v1/songs', { query: { limit: 30, ...query } as never }),
  );
  protected readonly filterCount = computed(
    () => Object.keys(this.query()).filter((name) => name !== 'q' && name !== 'sort').length,
  );
  protected readonly asked = computed(() => this.filterCount() > 0 || !!this.query().q);
  protected readonly count = computed(() => {
    const n = this.listing.songs().length;
    return this.listing.complete() ? this.t('count', { n }) : this.t('countMore', { n });
  });

  constructor() {
    effect(() => {
      const query = this.query();
      if (this.session.user()) untracked(() => void this.listing.show(query));
    });
    effect((clean) => {
      const end = this.end()?.nativeElement;
      if (!end) return;
      const observer = new IntersectionObserver((seen) => seen[0]?.isIntersecting && void this.listing.more());
      observer.observe(end);
      clean(() => observer.disconnect());
    });
  }

  protected sortBy(sort: Sort): void {
    this.address.change({ sort: sort === 'newest' ? undefined : sort });
  }

  protected restored(song: Song): void {
    if (!this.listing.songs().some((one) => one.id === song.id)) void this.listing.again();
  }

  protected async import(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    input.value = '';
    if (file && (await this.songs.import(file))) await this.listing.again();
  }
}
