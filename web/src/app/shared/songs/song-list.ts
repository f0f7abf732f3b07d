import { computed, signal } from '@angular/core';
import { Problem } from '../../core/api/problem';
import type { Schema } from '../../core/api/types';

export type Song = Schema<'SongAnswer'>;
export type Facets = Schema<'FacetsAnswer'>['facets'];
export type Sort = Schema<'Sort'>;

/** The filters and the order of a list of songs, as in the query of the page's URL. */
export interface SongQuery {
  readonly q?: string;
  readonly sort?: Sort;
  readonly model?: string;
  readonly style?: string;
  readonly key?: string;
  readonly instrument?: string[];
  readonly tag?: string[];
  readonly visibility?: Schema<'Visibility'>;
  readonly author?: string;
  readonly following?: boolean;
  readonly tempo_min?: number;
  readonly tempo_max?: number;
  readonly duration_min?: number;
  readonly duration_max?: number;
}

/** A list as it was loaded. */
export interface KeptSongs {
  readonly query: SongQuery;
  readonly songs: readonly Song[];
  readonly cursor: string | null;
}

type FetchPage = (query: SongQuery & { cursor?: string }) => Promise<Schema<'SongPage'>>;

/** A list of songs that is loaded page by page. A response to an outdated query is dropped. */
export class SongList {
  readonly songs = signal<readonly Song[]>([]);
  readonly isLoading = signal(false);
  readonly problem = signal<Problem | null>(null);
  /** Whether any page has been loaded. */
  readonly isLoaded = signal(false);
  readonly isComplete = computed(() => this.cursor() === null);
  private readonly cursor = signal<string | null>(null);
  private query: SongQuery = {};
  private requestNumber = 0;

  constructor(private readonly fetchPage: FetchPage) {}

  async load(query: SongQuery): Promise<void> {
    this.query = query;
    await this.request(null);
  }

  reload(): Promise<void> {
    return this.load(this.query);
  }

  async loadMore(): Promise<void> {
    const cursor = this.cursor();
    if (cursor !== null && !this.isLoading()) await this.request(cursor);
  }

  /** Return the loaded list, so that `restore` can show it again; null before the first page. */
  keep(): KeptSongs | null {
    return this.isLoaded() ? { query: this.query, songs: this.songs(), cursor: this.cursor() } : null;
  }

  /** Show a list that was kept, and bring its first rows up to date; further ones stay as they are. */
  async restore({ query, songs, cursor }: KeptSongs): Promise<void> {
    this.query = query;
    this.songs.set(songs);
    this.cursor.set(cursor);
    this.isLoaded.set(true);
    const number = ++this.requestNumber;
    const { items, next_cursor } = await this.fetchPage(query).catch(() => ({ items: null, next_cursor: null }));
    if (items === null || number !== this.requestNumber) return;
    const last = this.songs().findIndex((song) => song.id === items.at(-1)?.id);
    if (last < 0) {
      this.songs.set(items);
      this.cursor.set(next_cursor ?? null);
    } else this.songs.update((all) => [...items, ...all.slice(last + 1)]);
  }

  replace(song: Song): void {
    this.songs.update((all) => all.map((other) => (other.id === song.id ? song : other)));
  }

  remove(id: string): void {
    this.songs.update((all) => all.filter((song) => song.id !== id));
  }

  private async request(cursor: string | null): Promise<void> {
    const number = ++this.requestNumber;
    this.isLoading.set(true);
    this.problem.set(null);
    try {
      const page = await this.fetchPage({ ...this.query, ...(cursor === null ? {} : { cursor }) });
      if (number !== this.requestNumber) return;
      this.songs.update((all) => (cursor === null ? page.items : [...all, ...page.items]));
      this.cursor.set(page.next_cursor ?? null);
      this.isLoaded.set(true);
    } catch (error) {
      if (number === this.requestNumber) this.problem.set(Problem.from(error));
    } finally {
      if (number === this.requestNumber) this.isLoading.set(false);
    }
  }
}

/** Parse the query of the page's URL; empty and invalid values are left out. */
export function parseQuery(parameters: Readonly<Record<string, string | readonly string[] | undefined>>): SongQuery {
  const list = (value: string | readonly string[] | undefined) =>
    value === undefined ? undefined : typeof value === 'string' ? [value] : [...value];
  const numeric = (value: unknown) =>
    value !== undefined && Number.isFinite(Number(value)) ? Number(value) : undefined;
  const query: Record<string, unknown> = {};
  for (const name of ['q', 'sort', 'model', 'style', 'key', 'visibility', 'author']) query[name] = parameters[name];
  for (const name of ['instrument', 'tag']) query[name] = list(parameters[name]);
  for (const name of ['tempo_min', 'tempo_max', 'duration_min', 'duration_max'])
    query[name] = numeric(parameters[name]);
  if (parameters['following'] === 'true') query['following'] = true;
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
}
