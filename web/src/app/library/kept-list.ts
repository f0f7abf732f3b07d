import { Injectable } from '@angular/core';
import { KeptSongs } from '../shared/songs/song-list';

/** The rows of the library that were loaded, for the back button. */
@Injectable({ providedIn: 'root' })
export class KeptList {
  private kept: { readonly user: string; readonly songs: KeptSongs } | null = null;

  keep(user: string | undefined, songs: KeptSongs | null): void {
    this.kept = user && songs ? { user, songs } : null;
  }

  /** Return the rows of this user's list with this query, once. */
  take(user: string, query: object): KeptSongs | null {
    const kept = this.kept;
    this.kept = null;
    return kept?.user === user && JSON.stringify(kept.songs.query) === JSON.stringify(query) ? kept.songs : null;
  }
}
