import { Injectable, computed, effect, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import { Language } from '../core/text/language';
import {
  Prompt,
  Draft,
  Model,
  acceptsPrompt,
  canAccompany,
  mainVersions,
  newDraft,
  randomSeed,
  withPrompt,
} from './draft';
import { promptRequest } from './prompt-request';
import { Generation, Piece } from './piece';
import { GenerationMonitor } from './generation-monitor';
import { LivePlayback } from './live-playback';
import { restoreDraft, storeDraft } from './stored-draft';

/** Holds the models, the draft of the next request and the pieces of the last one, across page changes. */
@Injectable({ providedIn: 'root' })
export class Composer {
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  readonly models = signal<readonly Model[] | null>(null);
  readonly modelsRequest = new RequestState();
  readonly draft = signal<Draft | null>(null);
  readonly model = computed(() => this.models()?.find((model) => model.name === this.draft()?.model) ?? null);
  /** Whether any model can continue or accompany a piece; false until the models are loaded. */
  readonly canContinue = computed(() => this.models()?.some(acceptsPrompt) ?? false);
  readonly canAccompany = computed(
    () => this.models()?.some((model) => acceptsPrompt(model) && canAccompany(model)) ?? false,
  );
  /** The variations of the last request. */
  readonly pieces = signal<readonly Piece[]>([]);
  readonly selectedIndex = signal(0);
  readonly piece = computed(() => this.pieces()[this.selectedIndex()] ?? null);
  /** The request of the last draft; its problem is also set if following the generations fails. */
  readonly submission = new RequestState();
  private readonly livePlayback = inject(LivePlayback);
  private readonly monitor = new GenerationMonitor(
    this.api,
    (error) => this.submission.problem.set(Problem.from(error)),
    (piece) => this.livePlayback.notesAdded(piece),
    (piece) => {
      this.livePlayback.ended(piece);
      void this.updateTitle(piece);
    },
  );

  /** The body of the last request; the same one again would only store the same piece twice. */
  private lastBody = '';

  constructor() {
    effect(() => {
      const draft = this.draft();
      if (draft) storeDraft(draft);
    });
  }

  async loadModels(): Promise<void> {
    if (this.models()) return;
    await this.modelsRequest.run(async () => {
      const items = mainVersions((await this.api.get('/api/v1/models', { as: 'none' })).items);
      // The one that new users get comes first, where they see that it is chosen.
      this.models.set([...items].sort((a, b) => Number(b.default) - Number(a.default)));
      const model = items.find((item) => item.default) ?? items[0];
      if (model && !this.draft()) this.draft.set(restoreDraft(items) ?? newDraft(model));
    });
  }

  /** Set the prompt, or remove it with null, and switch to a model that accepts it. Returns whether there is one. */
  setPrompt(prompt: Prompt | null, accompanyOnly: boolean): boolean {
    const isSuitable = (model: Model) => acceptsPrompt(model) && (!accompanyOnly || canAccompany(model));
    const [current, draft] = [this.model(), this.draft()];
    const model = current && isSuitable(current) ? current : this.models()?.find(isSuitable);
    if (!model || !draft) return false;
    this.submission.problem.set(null);
    const base = model === current ? draft : newDraft(model, draft);
    this.draft.set(withPrompt(model, base, prompt, accompanyOnly));
    return true;
  }

  /** Request what the draft describes. Returns the id of the first variation, or null with `problem` set. */
  async generate(draft: Draft): Promise<string | null> {
    const title = draft.title.trim();
    let id: string | null = null;
    const json = {
      model: draft.model,
      ...(draft.length === null ? {} : { length: draft.length }),
      seed: Number(draft.seed),
      count: draft.count,
      parameters: draft.values,
      ...(draft.prompt ? { prompt: promptRequest(draft.prompt) } : {}),
      background: false,
      ...(title ? { title } : {}),
      language: this.language.code(),
    };
    const body = JSON.stringify(json);
    const shown = this.pieces()[0];
    if (body === this.lastBody && shown && shown.state().status !== 'failed' && shown.state().status !== 'cancelled') {
      this.livePlayback.replay(shown);
      return shown.id;
    }
    await this.submission.run(async () => {
      const { variations, ...first } = await this.api.post('/api/v1/generations', {
        as: 'guest',
        headers: { 'Idempotency-Key': crypto.randomUUID() },
        json,
      });
      this.lastBody = body;
      this.livePlayback.expect(first.id);
      this.show([first, ...(variations ?? [])]);
      id = first.id;
    });
    return id;
  }

  /** Show the generation with this id. Throws Problem. */
  async open(id: string): Promise<void> {
    const index = this.pieces().findIndex((piece) => piece.id === id);
    if (index >= 0) return this.selectedIndex.set(index);
    this.show([await this.api.get('/api/v1/generations/{generation_id}', { path: { generation_id: id } })]);
  }

  /** Give the draft a new seed unless the user keeps it. Returns the draft. */
  renewSeed(draft: Draft): Draft {
    // The first piece has the seed that the form shows.
    if (draft.keepSeed || !this.pieces().length) return draft;
    const next = { ...draft, seed: randomSeed() };
    this.draft.set(next);
    return next;
  }

  async stop(piece: Piece, keep: boolean): Promise<void> {
    piece.isStopping.set(true);
    try {
      const path = { generation_id: piece.id };
      const state = await this.api.delete('/api/v1/generations/{generation_id}', { path, query: { keep } });
      if (!piece.isFinished) piece.state.set(state);
    } finally {
      piece.isStopping.set(false);
    }
  }

  /** Show the title that the library gave a piece without one: it has a number there. */
  private async updateTitle(piece: Piece): Promise<void> {
    const { song_id: id, title } = piece.state();
    if (!id) return;
    try {
      const song = await this.api.get('/api/v1/songs/{song_id}', { path: { song_id: id } });
      if (piece.state().title !== title || song.title === title) return;
      piece.state.update((state) => ({ ...state, title: song.title }));
      this.livePlayback.renamed(piece);
    } catch {
      // The title without its number is shown.
    }
  }

  private show(states: readonly Generation[]): void {
    this.pieces.set(this.monitor.follow(states));
    this.selectedIndex.set(0);
  }
}
