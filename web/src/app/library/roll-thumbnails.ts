import { Injectable, inject } from '@angular/core';
import { Api, buildUrl } from '../core/api/api';
import { Theme } from '../core/theme/theme';

const MAX_KEPT = 300;

/** Loads the pictures of songs with the session's token, and keeps the latest for the back button. */
@Injectable({ providedIn: 'root' })
export class RollThumbnails {
  private readonly api = inject(Api);
  private readonly theme = inject(Theme);
  private readonly urls = new Map<string, Promise<string | null>>();

  /** Return the object URL of a song's picture; null if it cannot be loaded. */
  of(songId: string, version: number): Promise<string | null> {
    const theme = this.theme.isDark() ? 'dark' : 'light';
    const key = `${songId} ${version} ${theme}`;
    const known = this.urls.get(key);
    if (known) return known;
    const loading = this.load(songId, theme);
    this.urls.set(key, loading);
    void loading.then((url) => url === null && this.urls.delete(key));
    for (const oldest of [...this.urls.keys()].slice(0, -MAX_KEPT)) this.forget(oldest);
    return loading;
  }

  private async load(songId: string, theme: string): Promise<string | null> {
    try {
      const url = buildUrl(`/api/v1/pianorolls/${songId}.svg`, { query: { width: 192, height: 80, theme } });
      return URL.createObjectURL(await (await this.api.fetch(url)).blob());
    } catch {
      // The list is complete without pictures.
      return null;
    }
  }

  private forget(key: string): void {
    void this.urls.get(key)?.then((url) => url !== null && URL.revokeObjectURL(url));
    this.urls.delete(key);
  }
}
