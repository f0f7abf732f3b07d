import { Signal, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { map } from 'rxjs';
import { SongQuery, parseQuery } from './song-list';

/** A search starts this long after the last keystroke. */
const SEARCH_DELAY_MS = 220;

/** The query of a list of songs, kept in the page's URL so that it survives a reload and the back button. */
export class UrlQuery {
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private searchTimer: ReturnType<typeof setTimeout> | undefined;

  readonly query: Signal<SongQuery> = toSignal(
    this.route.queryParamMap.pipe(
      map((all) => {
        const value = (key: string) => (all.getAll(key).length > 1 ? all.getAll(key) : (all.get(key) ?? undefined));
        return parseQuery(Object.fromEntries(all.keys.map((key) => [key, value(key)])));
      }),
    ),
    { initialValue: {} as SongQuery },
  );

  update(changes: Partial<SongQuery>, replaceUrl = false): void {
    const queryParams = { ...this.query(), ...changes };
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl });
  }

  /** Search for a text that is being typed. All keystrokes share one history entry. */
  search(text: string): void {
    clearTimeout(this.searchTimer);
    this.searchTimer = setTimeout(() => this.update({ q: text.trim() || undefined }, true), SEARCH_DELAY_MS);
  }
}
