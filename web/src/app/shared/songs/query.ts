import { Signal, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router } from '@angular/router';
import { map } from 'rxjs';
import { SongQuery, queryOf } from './listing';

const PAUSE_MS = 220;

/** What is asked of a list of songs, as it stands in the page's address: so that it survives reloads and the back button. */
export class AddressedQuery {
  private readonly router = inject(Router);
  private readonly route = inject(ActivatedRoute);
  private typing: ReturnType<typeof setTimeout> | undefined;

  readonly query: Signal<SongQuery> = toSignal(
    this.route.queryParamMap.pipe(
      map((all) => {
        const value = (key: string) => (all.getAll(key).length > 1 ? all.getAll(key) : (all.get(key) ?? undefined));
        return queryOf(Object.fromEntries(all.keys.map((key) => [key, value(key)])));
      }),
    ),
    { initialValue: {} as SongQuery },
  );

  change(changes: Partial<SongQuery>, replaceUrl = false): void {
    const queryParams = { ...this.query(), ...changes };
    void this.router.navigate([], { relativeTo: this.route, queryParams, replaceUrl });
  }

  /** Searches for what is being typed, once the fingers rest; one entry of the history for all of it. */
  type(text: string): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.change({ q: text.trim() || undefined }, true), PAUSE_MS);
  }
}
