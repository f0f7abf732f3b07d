import { Injectable, computed, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { Language } from '../core/text/language';
import { parameterWord } from '../core/text/parameter-words';
import { Beginning, Draft, Model, accompanies, freshDraft, takesBeginnings, withBeginning } from './draft';
import { promptOf } from './prompt';
import { Generation, Piece } from './piece';
import { Watch } from './watch';

/** Models, the draft of the next order, and the order that is being composed; all of it outlives the page. */
@Injectable({ providedIn: 'root' })
export class Composer {
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  readonly models = signal<readonly Model[] | null>(null);
  readonly modelsProblem = signal<Problem | null>(null);
  readonly draft = signal<Draft | null>(null);
  readonly model = computed(() => this.models()?.find((model) => model.name === this.draft()?.model) ?? null);
  /** Whether there is a model here that goes on from a piece, and whether one accompanies; false until it is known. */
  readonly continues = computed(() => this.models()?.some(takesBeginnings) ?? false);
  readonly accompanies = computed(
    () => this.models()?.some((model) => takesBeginnings(model) && accompanies(model)) ?? false,
  );
  /** The variations of the last order. */
  readonly pieces = signal<readonly Piece[]>([]);
  readonly chosen = signal(0);
  readonly piece = computed(() => this.pieces()[this.chosen()] ?? null);
  readonly ordering = signal(false);
  readonly problem = signal<Problem | null>(null);
  private readonly watch = new Watch(this.api, (error) => this.problem.set(Problem.from(error)));

  async loadModels(): Promise<void> {
    if (this.models()) return;
    this.modelsProblem.set(null);
    try {
      const { items } = await this.api.get('/api/v1/models', { as: 'none' });
      this.models.set(items);
      const model = items.find((item) => item.default) ?? items[0];
      if (model && !this.draft()) this.draft.set(freshDraft(model));
    } catch (error) {
      this.modelsProblem.set(Problem.from(error));
    }
  }

  /** Takes a beginning, by a model that can; null begins from nothing. Whether there is such a model. */
  begin(beginning: Beginning | null, only: boolean): boolean {
    const fits = (model: Model) => takesBeginnings(model) && (!only || accompanies(model));
    const [now, draft] = [this.model(), this.draft()];
    const model = now && fits(now) ? now : this.models()?.find(fits);
    if (!model || !draft) return false;
    this.problem.set(null);
    const base = model === now ? draft : freshDraft(model, draft);
    this.draft.set(withBeginning(model, base, beginning, only));
    return true;
  }

  /** Orders what the draft says; the id of the first variation, or null with `problem` set. */
  async order(draft: Draft): Promise<string | null> {
    this.ordering.set(true);
    this.problem.set(null);
    const title = draft.title.trim() || this.translatedTitle();
    try {
      const { variations, ...first } = await this.api.post('/api/v1/generations', {
        as: 'guest',
        headers: { 'Idempotency-Key': crypto.randomUUID() },
        json: {
          model: draft.model,
          ...(draft.length === null ? {} : { length: draft.length }),
          seed: Number(draft.seed),
          count: draft.count,
          parameters: draft.values,
          ...(draft.beginning ? { prompt: promptOf(draft.beginning) } : {}),
          background: false,
          ...(title ? { title } : {}),
        },
      });
      this.show([first, ...(variations ?? [])]);
      return first.id;
    } catch (error) {
      this.problem.set(Problem.from(error));
      return null;
    } finally {
      this.ordering.set(false);
    }
  }

  /** Shows a piece that was ordered before, by its id. Raises Problem. */
  async open(id: string): Promise<void> {
    const at = this.pieces().findIndex((piece) => piece.id === id);
    if (at >= 0) return this.chosen.set(at);
    this.show([await this.api.get('/api/v1/generations/{generation_id}', { path: { generation_id: id } })]);
  }

  async stop(piece: Piece, keep: boolean): Promise<void> {
    piece.stopping.set(true);
    try {
      const path = { generation_id: piece.id };
      const state = await this.api.delete('/api/v1/generations/{generation_id}', { path, query: { keep } });
      if (!piece.ended) piece.state.set(state);
    } finally {
      piece.stopping.set(false);
    }
  }

  /** What an untitled piece is called in another language than the API's own. */
  private translatedTitle(): string | null {
    const title = this.model()?.title ?? '';
    const translated = parameterWord(title, this.language.code());
    return translated === title ? null : translated;
  }

  private show(states: readonly Generation[]): void {
    this.pieces.set(this.watch.show(states));
    this.chosen.set(0);
  }
}
