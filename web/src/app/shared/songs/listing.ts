import { computed, signal } from '@angular/core';
import { Problem } from '../../core/api/problem';
import type { Schema } from '../../core/api/types';

export type Song = Schema<'SongAnswer'>;
export type Facets = Schema<'FacetsAnswer'>['facets'];
export type Sort = Schema<'Sort'>;

/** What songs must have to be listed, as it stands in the page's address. */
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

type Fetch = (query: SongQuery & { cursor?: string }) => Promise<Schema<'SongPage'>>;

/** A list of songs that grows by pages; an answer that was overtaken by another question is dropped. */
export class Listing {
  readonly songs = signal<readonly Song[]>([]);
  readonly loading = signal(false);
  readonly problem = signal<Problem | null>(null);
  /** Whether an answer has come at all. */
  readonly answered = signal(false);
  readonly complete = computed(() => this.cursor() === null);
  private readonly cursor = signal<string | null>(null);
  private query: SongQuery = {};
  private asked = 0;

  constructor(private readonly fetch: Fetch) {}

  async show(query: SongQuery): Promise<void> {
    this.query = query;
    await this.ask(null);
  }

  again(): Promise<void> {
    return this.show(this.query);
  }

  async more(): Promise<void> {
    const cursor = this.cursor();
    if (cursor !== null && !this.loading()) await this.ask(cursor);
  }

  replace(song: Song): void {
    this.songs.update((all) => all.map((one) => (one.id === song.id ? song : one)));
  }

  remove(id: string): void {
    this.songs.update((all) => all.filter((song) => song.id !== id));
  }

  private async ask(cursor: string | null): Promise<void> {
    const asked = ++this.asked;
    this.loading.set(true);
    this.problem.set(null);
    try {
      const page = await this.fetch({ ...this.query, ...(cursor === null ? {} : { cursor }) });
      if (asked !== this.asked) return;
      this.songs.update((all) => (cursor === null ? page.items : [...all, ...page.items]));
      this.cursor.set(page.next_cursor ?? null);
      this.answered.set(true);
    } catch (error) {
      if (asked === this.asked) this.problem.set(Problem.from(error));
    } finally {
      if (asked === this.asked) this.loading.set(false);
    }
  }
}

/** The query in a page's address; what is no number is left out. */
export function queryOf(parameters: Readonly<Record<string, string | readonly string[] | undefined>>): SongQuery {
  const list = (value: string | readonly string[] | undefined) =>
    value === undefined ? undefined : typeof value === 'string' ? [value] : [...value];
  const number = (value: unknown) =>
    value !== undefined && Number.isFinite(Number(value)) ? Number(value) : undefined;
  const found: Record<string, unknown> = {};
  for (const name of ['q', 'sort', 'model', 'style', 'key', 'visibility', 'author']) found[name] = parameters[name];
  for (const name of ['instrument', 'tag']) found[name] = list(parameters[name]);
  for (const name of ['tempo_min', 'tempo_max', 'duration_min', 'duration_max']) found[name] = number(parameters[name]);
  if (parameters['following'] === 'true') found['following'] = true;
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ''));
}
