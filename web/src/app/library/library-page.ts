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
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router, RouterLink } from '@angular/router';
import { map } from 'rxjs';
import { Api } from '../core/api/api';
import { Session } from '../core/session/session';
import { commonTexts } from '../core/text/common-texts';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { Listing, Song, SongQuery, Sort, queryOf } from '../shared/songs/listing';
import { LibraryTabs } from './library-tabs';
import { libraryTexts } from './library-texts';
import { SongFilters } from './song-filters';
import { SongTable } from './song-table';
import { Songs } from './songs';

const PAUSE_MS = 220;

/** A listener's own songs: searched while typing, filtered, ordered; what is shown stands in the address. */
@Component({
  imports: [Icon, LibraryTabs, PageState, RouterLink, SongFilters, SongTable],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './library-page.html',
  styleUrl: './library-page.scss',
})
export default class LibraryPage {
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
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private readonly songs = inject(Songs);
  private typing: ReturnType<typeof setTimeout> | undefined;
  private readonly end = viewChild<ElementRef<HTMLElement>>('end');

  protected readonly listing = new Listing((query) =>
    this.api.get('/api/v1/songs', { query: { limit: 30, ...query } as never }),
  );
  protected readonly query = toSignal(
    this.route.queryParamMap.pipe(
      map((all) =>
        queryOf(
          Object.fromEntries(
            all.keys.map((key) => [key, all.getAll(key).length > 1 ? all.getAll(key) : (all.get(key) ?? '')]),
          ),
        ),
      ),
    ),
    { initialValue: {} as SongQuery },
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

  protected type(text: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.change({ q: text.trim() || undefined }, true), PAUSE_MS);
  }

  protected change(changes: Partial<SongQuery>, replaceUrl = false): void {
    const queryParams = { ...this.query(), ...changes };
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl });
  }

  protected sortBy(sort: Sort): void {
    this.change({ sort: sort === 'newest' ? undefined : sort });
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
