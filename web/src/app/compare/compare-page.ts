import { ChangeDetectionStrategy, Component, DestroyRef, computed, inject, input, signal } from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../core/api/api';
import { Problem } from '../core/api/problem';
import { Notices } from '../core/notices/notices';
import { loadWhenReady } from '../core/session/load-when-ready';
import { Language } from '../core/text/language';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { PromptControl } from '../compose/prompt-control';
import { Composer } from '../compose/composer';
import { composeTexts } from '../compose/compose-texts';
import {
  Prompt,
  Model,
  Parameter,
  Value,
  Values,
  acceptsPrompt,
  randomSeed,
  isInvalidSeed,
  valueOf,
  withValue,
} from '../compose/draft';
import { ParameterControl } from '../compose/parameter-control';
import { manifestLabel } from '../core/text/manifest-labels';
import { promptRequest } from '../compose/prompt-request';
import { SeedField } from '../compose/seed-field';
import { Icon } from '../shared/icon';
import { PageState } from '../shared/page-state';
import { ComparisonCard } from './comparison-card';
import { ComparisonItem, Comparison } from './comparison';
import { compareTexts } from './compare-texts';
import { sharedParameters } from './shared-parameters';

type StrategyKey = 'greedy' | 'temperature' | 'top_k' | 'top_p' | 'top_k_top_p' | 'beam';
/** What the pieces of a comparison differ in. */
type Subject = 'strategies' | 'models';

/** Compares sampling strategies of a model, or models, with one seed. `?id=` shows an earlier comparison. */
@Component({
  imports: [PromptControl, ComparisonCard, Icon, PageState, ParameterControl, SeedField],
  providers: [Comparison],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './compare-page.html',
  styleUrl: './compare-page.scss',
})
export default class ComparePage {
  readonly id = input<string>();
  protected readonly composer = inject(Composer);
  protected readonly comparison = inject(Comparison);
  protected readonly t = injectTexts(compareTexts);
  protected readonly composeText = injectTexts(composeTexts);
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly router = inject(Router);
  private readonly errorMessages = inject(ErrorMessages);
  private readonly language = inject(Language);

  protected readonly subject = signal<Subject>('strategies');
  protected readonly subjects: readonly Subject[] = ['strategies', 'models'];
  protected readonly allModels = computed(() => this.composer.models() ?? []);
  protected readonly models = computed(() => this.composer.models()?.filter(hasStrategies) ?? null);
  private readonly modelName = signal<string | null>(null);
  protected readonly model = computed(
    () => this.models()?.find((model) => model.name === this.modelName()) ?? this.models()?.[0] ?? null,
  );
  protected readonly values = signal<Values>({});
  protected readonly seed = signal(randomSeed());
  protected readonly prompt = signal<Prompt | null>(null);
  protected readonly excluded = signal<ReadonlySet<string>>(new Set());
  private readonly chosenModels = signal<ReadonlySet<string> | null>(null);
  /** The models to compare: unless the user chooses others, those whose pieces are as long as requested. */
  protected readonly comparedModels = computed(() => {
    const chosen = this.chosenModels();
    return this.allModels().filter((model) => (chosen ? chosen.has(model.name) : acceptsPrompt(model)));
  });
  protected readonly strategies = computed(() => {
    const parameter = this.model()?.parameters.find((each) => each.name === 'strategy');
    return (parameter?.choices ?? []).map(String);
  });
  protected readonly sharedParameters = computed(() => {
    const model = this.model();
    const models = this.subject() === 'models' ? this.comparedModels() : model ? [model] : [];
    return models.length ? sharedParameters(models) : [];
  });
  protected readonly usesPrompt = computed(
    () => this.subject() === 'strategies' || this.comparedModels().every(acceptsPrompt),
  );
  protected readonly selected = computed(() => this.strategies().filter((each) => !this.excluded().has(each)));
  protected readonly hasTwo = computed(
    () => (this.subject() === 'models' ? this.comparedModels() : this.selected()).length >= 2,
  );
  protected readonly hasInvalidSeed = computed(() => isInvalidSeed(this.seed()));
  protected readonly isFinished = computed(() => this.comparison.items().every(({ piece }) => piece.isFinished));
  /** The message of a problem that concerns none of the controls. */
  protected readonly formError = computed(() => {
    const problem = this.comparison.submission.problem();
    const names = ['seed', 'prompt', ...this.sharedParameters().map((each) => each.name)];
    return problem && !names.some((name) => problem.field(name)) ? this.errorMessages.of(problem) : null;
  });

  constructor() {
    void this.composer.loadModels();
    loadWhenReady(this.id, (id) => this.openComparison(id));
    inject(DestroyRef).onDestroy(() => this.comparison.close());
  }

  /** The name of a variant: of its model, or of its sampling strategy. */
  protected nameOf(label: string): string {
    const model = this.allModels().find(({ name }) => name === label);
    return model ? this.label(model.title) : this.strategyLabel(label);
  }

  protected strategyLabel(label: string): string {
    const key = label.replaceAll(' ', '_');
    return this.strategies().includes(key) ? this.t(key as StrategyKey) : label;
  }

  protected fieldError(name: string): string | null {
    return this.errorMessages.ofField(this.comparison.submission.problem()?.field(name));
  }

  protected chooseModel(name: string): void {
    this.modelName.set(name);
    this.values.set({});
  }

  protected valueOf(parameter: Parameter): Value {
    return valueOf(parameter, this.values());
  }

  protected isSet(parameter: Parameter): boolean {
    return parameter.name in this.values();
  }

  protected setValue(parameter: Parameter, value: Value | null): void {
    const parameters = this.subject() === 'models' ? this.sharedParameters() : (this.model()?.parameters ?? []);
    this.values.update((values) => withValue(parameters, values, parameter.name, value));
    this.comparison.submission.problem.set(null);
  }

  protected toggle(strategy: string): void {
    this.excluded.update((excluded) => {
      const next = new Set(excluded);
      if (!next.delete(strategy)) next.add(strategy);
      return next;
    });
  }

  protected chooseSubject(subject: Subject): void {
    this.subject.set(subject);
    this.values.set({});
    this.comparison.submission.problem.set(null);
  }

  protected toggleModel(name: string): void {
    const next = new Set(this.comparedModels().map((model) => model.name));
    if (!next.delete(name)) next.add(name);
    this.chosenModels.set(next);
    this.values.set({});
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  protected async compare(event: Event): Promise<void> {
    event.preventDefault();
    const [model, prompt] = [this.model(), this.usesPrompt() ? this.prompt() : null];
    if (!model || this.hasInvalidSeed() || !this.hasTwo()) return;
    const id = await this.comparison.start({
      seed: Number(this.seed()),
      count: 1,
      background: false,
      language: this.language.code(),
      ...(prompt ? { prompt: promptRequest(prompt) } : {}),
      ...(this.subject() === 'models' ? this.modelVariants() : this.strategyVariants(model)),
    });
    if (id) await this.router.navigate([], { queryParams: { id } });
  }

  private strategyVariants(model: Model) {
    const variants = this.selected().map((strategy) => ({
      label: strategy.replaceAll('_', ' '),
      parameters: { strategy },
    }));
    return { model: model.name, parameters: { ...this.values() }, variants };
  }

  private modelVariants() {
    // Models have different defaults, but their pieces are to be equally long.
    const bars = this.sharedParameters().find(({ name }) => name === 'bars');
    const parameters = { ...this.values(), ...(bars ? { bars: this.valueOf(bars) } : {}) };
    const variants = this.comparedModels().map(({ name }) => ({ label: name, model: name, parameters: {} }));
    return { parameters, variants };
  }

  /** Keep one piece and move the others to the trash. */
  protected async keep(kept: ComparisonItem): Promise<void> {
    const others = this.comparison.items().filter((item) => item !== kept);
    const results = await Promise.allSettled(others.map((item) => this.discard(item)));
    const isComplete = results.every((each) => each.status === 'fulfilled');
    const title = kept.piece.state().title;
    this.notices.show(this.t(isComplete ? 'kept' : 'keptPartly', { title }), { kind: isComplete ? 'good' : 'problem' });
  }

  private async discard(item: ComparisonItem): Promise<void> {
    const id = item.piece.state().song_id;
    if (id) await this.api.delete('/api/v1/songs/{song_id}', { path: { song_id: id } });
    this.comparison.remove(item);
  }

  private async openComparison(id: string): Promise<void> {
    try {
      await this.comparison.open(id);
    } catch (error) {
      this.notices.show(this.errorMessages.of(Problem.from(error)), { kind: 'problem' });
      await this.router.navigate([], { replaceUrl: true });
    }
  }
}

function hasStrategies(model: Model): boolean {
  return model.kind === 'melody' && model.parameters.some((each) => each.name === 'strategy');
}
