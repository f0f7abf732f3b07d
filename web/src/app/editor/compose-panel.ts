import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  computed,
  effect,
  inject,
  input,
  signal,
  untracked,
} from '@angular/core';
import { Composer } from '../compose/composer';
import { Model } from '../compose/draft';
import { GenerationMonitor } from '../compose/generation-monitor';
import { Piece } from '../compose/piece';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { RequestState } from '../core/api/request-state';
import type { Schema } from '../core/api/types';
import { Player } from '../core/player/player';
import { ErrorMessages } from '../core/text/error-messages';
import { Language } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { Notices } from '../core/notices/notices';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { ChordChooser } from './chord-chooser';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { Change, fileTracks, mergeCandidate } from './model/merge';
import { candidateOf, excerptBefore } from './model/melody-candidate';
import { detectedProgression, progressionFrom, readProgression } from './model/progression';
import { Score, requestOf, scoreOf } from './model/score';
import { trackLabel } from './track-label';

type Use = Change['use'];
const USES: Readonly<Record<string, readonly Use[]>> = {
  ensemble: ['replace', 'accompany', 'continue'],
  melody: ['replace', 'continue'],
};
/** Melody models are given at most this many bars. */
const MAX_EXCERPT_BARS = 16;
/** Models compose at most this many bars. */
const MAX_BARS = 128;

/** What is requested, and what is done with the result. */
interface Plan {
  readonly change: Change;
  readonly prompt: object;
  readonly parameters: Record<string, string | number>;
  /** The music of the prompt, if it is not the whole piece. */
  readonly excerpt?: Score;
  readonly toCandidate?: (composed: Score) => Score;
}

/** A generation of an alternative, and the score with it once it is finished. */
interface Alternative {
  readonly number: number;
  readonly piece: Piece;
  readonly score: Score | null;
  readonly failed: boolean;
}

/** Composes with a model in the piece: bars anew, more instruments, or what follows; alternatives are compared first. */
@Component({
  selector: 'e-compose-panel',
  imports: [ChordChooser, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './compose-panel.html',
  styleUrl: './editor-panel.scss',
})
export class ComposePanel {
  readonly songId = input.required<string>();
  readonly title = input.required<string>();
  /** The version that was saved last, and the one whose tracks the score's sources count. */
  readonly baseNumber = input.required<number>();
  readonly sourceNumber = input.required<number>();
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  protected readonly player = inject(Player);
  private readonly composer = inject(Composer);
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly notices = inject(Notices);
  private readonly errorMessages = inject(ErrorMessages);

  protected readonly models = computed(() => this.composer.models()?.filter(({ kind }) => kind in USES) ?? []);
  protected readonly chosenModel = signal<string | null>(null);
  /** Of several models, one for ensembles comes first: it knows all tracks, and what follows. */
  protected readonly model = computed(() => {
    const named = this.models().find(({ name }) => name === this.chosenModel());
    return named ?? this.models().find(({ kind }) => kind === 'ensemble') ?? this.models()[0] ?? null;
  });
  protected readonly isMelody = computed(() => this.model()?.kind === 'melody');
  protected readonly uses = computed(() => USES[this.model()?.kind ?? ''] ?? []);
  private readonly chosenUse = signal<Use>('replace');
  protected readonly use = computed(() => (this.uses().includes(this.chosenUse()) ? this.chosenUse() : 'replace'));
  protected readonly hasModels = computed(() => this.composer.models() !== null);
  protected readonly firstBar = signal(1);
  protected readonly lastBar = signal(4);
  protected readonly barsAfter = signal(8);
  protected readonly excluded = signal<ReadonlySet<number>>(new Set());
  protected readonly parts = signal<readonly string[]>([]);
  protected readonly style = signal('any');
  protected readonly chordText = signal('');
  /** The bar in which the chords begin. */
  protected readonly chordsBar = computed(() => {
    if (this.use() === 'replace') return this.firstBar() || 1;
    return this.use() === 'continue' ? this.state.bars().count + 1 : 1;
  });
  protected readonly count = signal(3);
  protected readonly request = new RequestState();
  protected readonly error = signal<string | null>(null);
  protected readonly alternatives = signal<readonly Alternative[]>([]);
  protected readonly shown = signal<number | null>(null);
  private change: Change = { use: 'continue' };
  /** Turns what was composed into a candidate of the whole piece. */
  private toCandidate: (composed: Score) => Score = (composed) => composed;
  private base: Score | null = null;
  private readonly monitor = new GenerationMonitor(this.api, (error) => this.request.problem.set(Problem.from(error)));

  protected readonly partsParameter = computed(() => this.parameter('parts'));
  protected readonly styleParameter = computed(() => this.parameter('style'));
  protected readonly usedTracks = computed(() => new Set(this.state.score().notes.map((note) => note.track)));
  protected readonly tracks = computed(() =>
    this.state.score().tracks.map((track, index) => ({
      ...track,
      index,
      canChange: this.usedTracks().has(index) && !this.state.lockedTracks().has(index),
    })),
  );
  protected readonly isComposing = computed(() => this.alternatives().some(({ score, failed }) => !score && !failed));
  protected readonly message = computed(() => {
    const problem = this.request.problem();
    if (!problem) return null;
    const field = problem.fields[0];
    return field
      ? `${this.errorMessages.of(problem)} ${this.errorMessages.ofField(field)}`
      : this.errorMessages.of(problem);
  });

  constructor() {
    void this.composer.loadModels();
    // The bars that are selected in the ruler are those to regenerate.
    effect(() => {
      const range = this.state.barRange();
      if (!range) return;
      this.firstBar.set(range.first);
      this.lastBar.set(Math.min(range.last, untracked(this.state.bars).count));
    });
    effect(() => {
      for (const alternative of this.alternatives()) {
        const { piece, score, failed } = alternative;
        if (score || failed || !piece.isFinished) continue;
        untracked(() => void this.finish(alternative));
      }
    });
    inject(DestroyRef).onDestroy(() => {
      this.monitor.close();
      void this.removeSongs();
    });
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  protected nameOf(track: string): string {
    return trackLabel(track, this.language.code());
  }

  protected addPart(name: string): void {
    if (name) this.parts.update((parts) => [...parts, name]);
  }

  protected removePart(index: number): void {
    this.parts.update((parts) => parts.filter((_, place) => place !== index));
  }

  protected setUse(use: Use): void {
    this.chosenUse.set(use);
  }

  protected toggleTrack(track: number): void {
    this.excluded.update((excluded) => {
      const next = new Set(excluded);
      if (!next.delete(track)) next.add(track);
      return next;
    });
  }

  protected useDetected(): void {
    const [first, last] = this.use() === 'replace' ? [this.firstBar(), this.lastBar()] : [1, this.state.bars().count];
    this.chordText.set(detectedProgression(this.state.chords(), this.state.bars(), first, last));
  }

  protected async compose(): Promise<void> {
    const model = this.model();
    const plan = this.isMelody() ? this.melodyPlan() : this.plan();
    this.error.set(typeof plan === 'string' ? plan : null);
    if (!model || typeof plan === 'string') return;
    await this.discard();
    const base = (this.base = this.state.present);
    this.change = plan.change;
    this.toCandidate = plan.toCandidate ?? ((composed) => composed);
    await this.request.run(async () => {
      const path = { song_id: this.songId() };
      const notes = { ...requestOf(plan.excerpt ?? base, this.baseNumber()), source_number: this.sourceNumber() };
      const { midi } = await this.api.post('/api/v1/songs/{song_id}/preview', { path, json: notes });
      const { variations, ...first } = await this.api.post('/api/v1/generations', {
        as: 'guest',
        json: {
          model: model.name,
          count: this.count(),
          background: false,
          title: this.t('alternativesOf', { title: this.title() }).slice(0, 180),
          language: this.language.code(),
          parameters: plan.parameters,
          prompt: { ...plan.prompt, midi },
        } as Schema<'GenerationRequest'>,
      });
      const pieces = this.monitor.follow([first, ...(variations ?? [])]);
      this.alternatives.set(pieces.map((piece, index) => ({ number: index + 1, piece, score: null, failed: false })));
    });
  }

  /** Show an alternative in the roll instead of the piece. */
  protected show(alternative: Alternative): void {
    if (!alternative.score) return;
    this.shown.set(alternative.number);
    this.state.preview(alternative.score);
    this.state.isPreview.set(true);
  }

  protected async accept(alternative: Alternative): Promise<void> {
    if (!alternative.score) return;
    this.state.commit(alternative.score);
    this.state.selectBars();
    this.notices.show(this.t('accepted', { n: alternative.number }), { kind: 'good' });
    await this.close();
  }

  /** Go back to the piece as it was before, and delete the alternatives. */
  protected async discard(): Promise<void> {
    this.state.cancelPreview();
    await this.close();
  }

  protected play(alternative: Alternative): void {
    const id = alternative.piece.state().song_id;
    const title = this.t('alternative', { n: alternative.number });
    if (id) void this.player.toggle({ id, title, durationSeconds: alternative.piece.state().duration_seconds });
  }

  protected isPlaying(alternative: Alternative): boolean {
    return this.player.isPlaying() && this.player.isCurrent(alternative.piece.state().song_id);
  }

  private async close(): Promise<void> {
    this.monitor.close();
    this.shown.set(null);
    await this.removeSongs();
  }

  /** Delete the songs of the alternatives, which were only composed for the comparison. */
  private async removeSongs(): Promise<void> {
    const pieces = this.alternatives().map(({ piece }) => piece);
    this.alternatives.set([]);
    for (const piece of pieces) {
      const { id, song_id } = piece.state();
      try {
        if (song_id) {
          if (this.player.isCurrent(song_id)) this.player.close();
          await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id }, query: { permanent: true } });
        } else if (!piece.isFinished) {
          const path = { generation_id: id };
          await this.api.delete('/api/v1/generations/{generation_id}', { path, query: { keep: false } });
        }
      } catch {
        // It stays in the library, where it can be deleted.
      }
    }
  }

  private async finish(alternative: Alternative): Promise<void> {
    const songId = alternative.piece.state().song_id;
    let score: Score | null = null;
    if (songId && this.base) {
      try {
        const path = { song_id: songId };
        const answer = await this.api.get('/api/v1/songs/{song_id}/notes', { path });
        score = mergeCandidate(this.base, this.toCandidate(scoreOf(answer)), this.change);
      } catch (error) {
        void this.errorMessages.show(error);
      }
    }
    this.alternatives.update((all) =>
      all.map((each) => (each.number === alternative.number ? { ...each, score, failed: !score } : each)),
    );
  }

  /** Return a request for a melody model, which composes on one track; or why there is none. */
  private melodyPlan(): Plan | string {
    const { count } = this.state.bars();
    const isReplaced = this.use() === 'replace';
    const [firstBar, lastBar] = isReplaced
      ? [this.firstBar(), this.lastBar()]
      : [count + 1, count + Math.max(1, this.barsAfter())];
    if (isReplaced && !(firstBar >= 1 && firstBar <= lastBar && lastBar <= count)) {
      return this.t('wrongBars', { n: count });
    }
    const chosen = this.tracks().filter(
      ({ index, canChange, isDrum }) => canChange && !isDrum && !this.excluded().has(index),
    );
    const [track, second] = chosen.map(({ index }) => index);
    if (track === undefined || second !== undefined) return this.t('oneTrack');
    const base = this.state.present;
    const most = (this.parameter('bars')?.maximum ?? MAX_BARS) - (lastBar - firstBar + 1);
    if (most < 1) return this.t('tooManyBars', { n: (this.parameter('bars')?.maximum ?? MAX_BARS) - 1 });
    const parameters: Record<string, string | number> = {};
    if (this.parameter('accompaniment')) parameters['accompaniment'] = 'off';
    const change: Change = { use: 'replace', firstBar, lastBar, tracks: [track] };
    if (isReplaced) {
      const prompt = { use: 'replace', first_bar: firstBar, last_bar: lastBar, tracks: fileTracks(base, [track]) };
      return { change, prompt, parameters };
    }
    const excerpt = excerptBefore(base, track, firstBar, Math.min(MAX_EXCERPT_BARS, most));
    if (!excerpt) return this.t('nothingBefore');
    return {
      change,
      prompt: { use: 'continue', bars: excerpt.bars },
      parameters: { ...parameters, bars: excerpt.bars + lastBar - firstBar + 1 },
      excerpt: excerpt.score,
      toCandidate: (composed) => candidateOf(base, composed, excerpt, track),
    };
  }

  /** Return a request for an ensemble model, or why there is none. */
  private plan(): Plan | string {
    const progression = readProgression(this.chordText());
    if (progression.error) {
      const { bar, chord } = progression.error;
      return chord ? this.t('wrongChord', { bar, chord }) : this.t('wrongBar', { bar });
    }
    const { count } = this.state.bars();
    const parameters: Record<string, string | number> = {};
    if (this.style() !== 'any') parameters['style'] = this.style();
    const setChords = (first: number, last: number) => {
      if (progression.bars.length)
        parameters['chords'] = progressionFrom(progression.bars, first, Math.min(last, MAX_BARS));
    };
    const use = this.use();
    if (use === 'accompany') {
      if (!this.parts().length) return this.t('chooseParts');
      parameters['parts'] = this.parts().join(', ');
      setChords(1, count);
      return { change: { use }, prompt: { use }, parameters };
    }
    if (use === 'continue') {
      parameters['bars'] = Math.min(count + this.barsAfter(), MAX_BARS);
      setChords(count + 1, parameters['bars']);
      return { change: { use }, prompt: { use, bars: Math.min(count, MAX_BARS - 1) }, parameters };
    }
    const [firstBar, lastBar] = [this.firstBar(), this.lastBar()];
    if (!(firstBar >= 1 && firstBar <= lastBar && lastBar <= count)) return this.t('wrongBars', { n: count });
    const chosen = this.tracks().filter(({ index, canChange }) => canChange && !this.excluded().has(index));
    const tracks = chosen.map(({ index }) => index);
    if (!tracks.length) return this.t('noTracks');
    setChords(firstBar, lastBar);
    const prompt = { use, first_bar: firstBar, last_bar: lastBar, tracks: fileTracks(this.state.present, tracks) };
    return { change: { use, firstBar, lastBar, tracks }, prompt, parameters };
  }

  private parameter(name: string): Model['parameters'][number] | null {
    return this.model()?.parameters.find((parameter) => parameter.name === name) ?? null;
  }
}
