import { ChangeDetectionStrategy, Component, DestroyRef, computed, inject, signal } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Player } from '../core/player/player';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { manifestLabel, styleLabel } from '../core/text/manifest-labels';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { ListenCard, Pair, Side } from './listen-card';
import { ListeningScore } from './listening-score';
import { listenTexts } from './listen-texts';

type Preferred = Side | 'none';
type Guessed = Side | 'unknown';

const WAIT = { Prefer: 'wait=30' };

/** The listening test. Nothing is composed before the user starts it. */
@Component({
  imports: [Icon, ListenCard],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './listen-page.html',
  styleUrl: './listen-page.scss',
})
export default class ListenPage {
  protected readonly t = injectTexts(listenTexts);
  private readonly api = inject(Api);
  private readonly player = inject(Player);
  private readonly format = inject(Format);
  private readonly language = inject(Language);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly sides: readonly Side[] = ['a', 'b'];
  protected readonly preferences: readonly Preferred[] = ['a', 'b', 'none'];
  protected readonly guesses: readonly Guessed[] = ['a', 'b', 'unknown'];
  protected readonly score = new ListeningScore();
  protected readonly pair = signal<Pair | null>(null);
  protected readonly creation = new RequestState();
  protected readonly submission = new RequestState();
  protected readonly preferred = signal<Preferred | null>(null);
  protected readonly guessed = signal<Guessed | null>(null);
  private readonly played = signal<ReadonlySet<Side>>(new Set());
  /** What is missing for an answer, after an attempt to send it. */
  protected readonly missing = signal<'listenFirst' | 'answerBoth' | null>(null);
  private isClosed = false;

  protected readonly isComposing = computed(() => this.creation.isPending() || this.pair()?.status === 'composing');
  protected readonly problem = computed(() => {
    const problem = this.creation.problem() ?? this.submission.problem();
    if (problem) return this.errorMessages.of(problem);
    return this.pair()?.status === 'failed' ? this.t('failed') : null;
  });
  protected readonly about = computed(() => {
    const pair = this.pair();
    if (!pair) return '';
    const language = this.language.code();
    const parts = [...new Set(pair.parts)].map((part) => manifestLabel(part, language));
    const list = new Intl.ListFormat(language, { type: 'unit' }).format(parts);
    const length = this.format.duration(pair.duration_seconds);
    return this.t('about', { style: styleLabel(pair.style, language), parts: list, length });
  });
  protected readonly verdict = computed(() => {
    const reveal = this.pair()?.reveal;
    if (!reveal) return '';
    const key = reveal.is_right === null ? 'revealed' : reveal.is_right ? 'right' : 'wrong';
    return this.t(key, { name: reveal.person.toUpperCase() });
  });

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.isClosed = true;
      this.stop();
    });
  }

  protected async next(): Promise<void> {
    if (this.isComposing()) return;
    this.stop();
    this.pair.set(null);
    this.preferred.set(null);
    this.guessed.set(null);
    this.played.set(new Set());
    this.missing.set(null);
    this.submission.problem.set(null);
    await this.creation.run(async () => {
      const json = { played: [...this.score.state().played] };
      let pair = await this.api.post('/api/v1/listening/pairs', { json, headers: WAIT, as: 'none' });
      while (pair.status === 'composing' && !this.isClosed) pair = await this.load(pair.id);
      this.pair.set(pair);
    });
  }

  protected markPlayed(side: Side): void {
    this.played.update((played) => new Set(played).add(side));
    if (this.missing() === 'listenFirst' && this.played().size === this.sides.length) this.missing.set(null);
  }

  protected async answer(event: Event): Promise<void> {
    event.preventDefault();
    const [pair, preferred, guessed] = [this.pair(), this.preferred(), this.guessed()];
    if (!pair || this.submission.isPending()) return;
    if (this.played().size < this.sides.length) return this.missing.set('listenFirst');
    if (!preferred || !guessed) return this.missing.set('answerBoth');
    this.missing.set(null);
    await this.submission.run(async () => {
      const json = { preferred, guessed, browser: this.score.state().browser };
      const path = { pair_id: pair.id };
      const answered = await this.api.post('/api/v1/listening/pairs/{pair_id}/answer', { path, json, as: 'none' });
      if (answered.reveal) this.score.add(answered.reveal.is_right, answered.reveal.source.id);
      this.pair.set(answered);
    });
  }

  private load(id: string): Promise<Pair> {
    return this.api.get('/api/v1/listening/pairs/{pair_id}', { path: { pair_id: id }, headers: WAIT, as: 'none' });
  }

  /** Stop a piece of this page; others continue to play. */
  private stop(): void {
    const pair = this.pair();
    if (pair && (this.player.isCurrent(pair.a_url) || this.player.isCurrent(pair.b_url))) this.player.close();
  }
}
