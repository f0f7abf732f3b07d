import { ChangeDetectionStrategy, Component, computed, effect, inject, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { map } from 'rxjs';
import { Api } from '../core/api/api';
import { Session } from '../core/session/session';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { Listing, SongQuery, queryOf } from '../shared/songs/listing';
import { exploreTexts } from './explore-texts';
import { Feed } from './feed';

const PAUSE_MS = 250;

/** The public feed: new, most liked, of a style, or of authors whom one follows. */
@Component({
  imports: [Feed, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './explore-page.html',
  styleUrl: './explore-page.scss',
})
export default class ExplorePage {
  protected readonly t = injectTexts(exploreTexts);
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private typing: ReturnType<typeof setTimeout> | undefined;

  protected readonly listing = new Listing((query) =>
    this.api.get('/api/v1/library/explore', { query: { limit: 30, ...query } as never }),
  );
  protected readonly query = toSignal(
    this.route.queryParamMap.pipe(
      map((all) => queryOf(Object.fromEntries(all.keys.map((key) => [key, all.get(key) ?? undefined])))),
    ),
    { initialValue: {} as SongQuery },
  );
  protected readonly asked = computed(() => Object.keys(this.query()).some((name) => name !== 'sort'));

  constructor() {
    effect(() => {
      const query = this.query();
      if (this.session.settled()) untracked(() => void this.listing.show(query));
    });
  }

  protected change(changes: Partial<SongQuery>, replaceUrl = false): void {
    const queryParams = { ...this.query(), ...changes };
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl });
  }

  protected type(text: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.change({ q: text.trim() || undefined }, true), PAUSE_MS);
  }
}
