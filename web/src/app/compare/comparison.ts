import { Injectable, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Piece } from '../compose/piece';
import { GenerationMonitor } from '../compose/generation-monitor';

/** One variant of a comparison, with its piece. */
export interface ComparisonItem {
  readonly label: string;
  readonly piece: Piece;
}

/** Pieces with the same seed and prompt and different sampling parameters. */
@Injectable()
export class Comparison {
  readonly id = signal<string | null>(null);
  readonly items = signal<readonly ComparisonItem[]>([]);
  /** The request of the comparison; its problem is also set if following the generations fails. */
  readonly submission = new RequestState();
  private readonly api = inject(Api);
  private readonly monitor = new GenerationMonitor(this.api, (error) =>
    this.submission.problem.set(Problem.from(error)),
  );

  /** Request a comparison. Returns its id, or null with `problem` set. */
  async start(json: Schema<'ComparisonRequest'>): Promise<string | null> {
    const isStarted = await this.submission.run(async () => {
      const headers = { 'Idempotency-Key': crypto.randomUUID() };
      this.show(await this.api.post('/api/v1/comparisons', { as: 'guest', headers, json }));
    });
    return isStarted ? this.id() : null;
  }

  /** Show the comparison with this id. Throws Problem. */
  async open(id: string): Promise<void> {
    if (this.id() === id) return;
    const path = { comparison_id: id };
    this.show(await this.api.get('/api/v1/comparisons/{comparison_id}', { path }));
  }

  /** Remove one piece from the page. */
  remove(item: ComparisonItem): void {
    this.items.update((all) => all.filter((other) => other !== item));
  }

  close(): void {
    this.monitor.close();
  }

  private show(view: Schema<'ComparisonView'>): void {
    const pieces = this.monitor.follow(view.items.map(({ generation }) => generation));
    this.id.set(view.id);
    this.items.set(pieces.map((piece, index) => ({ label: view.items[index]?.label ?? '', piece })));
  }
}
