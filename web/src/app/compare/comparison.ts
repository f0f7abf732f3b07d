import { Injectable, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import type { Schema } from '../core/api/types';
import { Piece } from '../compose/piece';
import { GenerationMonitor } from '../compose/generation-monitor';

/** One way to compose, and the piece that it comes to. */
export interface Compared {
  readonly label: string;
  readonly piece: Piece;
}

/** Pieces of one seed and prompt, composed in several ways, each followed while it is composed. */
@Injectable()
export class Comparison {
  readonly id = signal<string | null>(null);
  readonly items = signal<readonly Compared[]>([]);
  readonly ordering = signal(false);
  readonly problem = signal<Problem | null>(null);
  private readonly api = inject(Api);
  private readonly monitor = new GenerationMonitor(this.api, (error) => this.problem.set(Problem.from(error)));

  /** Orders a comparison; its id, or null with `problem` set. */
  async order(json: Schema<'ComparisonRequest'>): Promise<string | null> {
    this.ordering.set(true);
    this.problem.set(null);
    try {
      const headers = { 'Idempotency-Key': crypto.randomUUID() };
      const view = await this.api.post('/api/v1/comparisons', { as: 'guest', headers, json });
      this.show(view);
      return view.id;
    } catch (error) {
      this.problem.set(Problem.from(error));
      return null;
    } finally {
      this.ordering.set(false);
    }
  }

  /** Shows a comparison that was ordered before, by its id. Raises Problem. */
  async open(id: string): Promise<void> {
    if (this.id() === id) return;
    const path = { comparison_id: id };
    this.show(await this.api.get('/api/v1/comparisons/{comparison_id}', { path }));
  }

  /** Lets one piece go from what is shown. */
  drop(item: Compared): void {
    this.items.update((all) => all.filter((one) => one !== item));
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
