import { ChangeDetectionStrategy, Component, ElementRef, computed, inject, output, viewChild } from '@angular/core';
import type { Schema } from '../core/api/types';
import { adventureOf, adventureValue } from './adventure';
import { lengthEstimate } from './length-estimate';
import { WordsField } from './words-field';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { ErrorMessages } from '../core/text/error-messages';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { ComposeKey, composeTexts } from './compose-texts';
import { Composer } from './composer';
import {
  Draft,
  Parameter,
  Value,
  applicableParameters,
  randomSeed,
  newDraft,
  presetValues,
  sameValues,
  isInvalidSeed,
  randomValues,
  acceptsPrompt,
  valueOf,
  withValue,
} from './draft';
import { PromptControl } from './prompt-control';
import { ModelCards } from './model-cards';
import { ParameterControl } from './parameter-control';
import { manifestLabel } from '../core/text/manifest-labels';
import { SeedField } from './seed-field';

/** The form for a generation request, built from the model's parameters. */
@Component({
  selector: 'e-settings-panel',
  imports: [PromptControl, Icon, ModelCards, ParameterControl, SeedField, WordsField],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './settings-panel.html',
  styleUrl: './settings-panel.scss',
})
export class SettingsPanel {
  readonly send = output<Draft>();
  protected readonly composer = inject(Composer);
  protected readonly format = inject(Format);
  protected readonly t = injectTexts(composeTexts);
  protected readonly counts = [1, 2, 3, 4];
  private readonly language = inject(Language);
  private readonly errorMessages = inject(ErrorMessages);

  private readonly visibleParameters = computed(() =>
    applicableParameters(this.composer.model()?.parameters ?? [], this.composer.draft()?.values ?? {}),
  );
  /** How safe or adventurous the music is: one slider for the parameter of the model. */
  protected readonly adventure = computed(() => {
    const [model, draft] = [this.composer.model(), this.composer.draft()];
    return model && draft ? adventureOf(model, draft.values, this.visibleParameters()) : null;
  });
  /** The style is chosen before the model, which is a detail. */
  protected readonly style = computed(() => this.visibleParameters().find(({ name }) => name === 'style') ?? null);
  protected readonly basic = computed(() =>
    this.visibleParameters().filter((parameter) => parameter !== this.style() && !this.isAdvanced(parameter)),
  );
  protected readonly advanced = computed(() =>
    this.visibleParameters().filter((parameter) => this.isAdvanced(parameter)),
  );
  protected readonly estimate = computed(() => {
    const [model, draft] = [this.composer.model(), this.composer.draft()];
    const found = model && draft && lengthEstimate(model, draft);
    if (!found) return this.format.number(draft?.length ?? 0);
    const round = found.seconds < 20 ? 1 : 5;
    const seconds = Math.max(1, Math.round(found.seconds / round) * round);
    const values = { time: this.format.roundDuration(seconds), n: Math.max(1, Math.round(found.bars)) };
    return this.t('about', values);
  });
  private readonly more = viewChild<ElementRef<HTMLDetailsElement>>('more');
  private readonly sendBar = viewChild<ElementRef<HTMLElement>>('sendBar');
  protected readonly showsPrompt = computed(() => {
    const model = this.composer.model();
    return model !== null && acceptsPrompt(model);
  });
  protected readonly presets = computed(() => Object.keys(this.composer.model()?.presets ?? {}));
  protected readonly invalid = computed<Partial<Record<'seed' | 'title', string>>>(() => {
    const draft = this.composer.draft();
    if (!draft) return {};
    return {
      ...(isInvalidSeed(draft.seed) ? { seed: this.t('seedInvalid') } : {}),
      ...(draft.title.trim().length > 200 ? { title: this.t('titleTooLong') } : {}),
    };
  });
  /** The message of a problem that concerns none of the controls. */
  protected readonly formError = computed(() => {
    const problem = this.composer.submission.problem();
    if (!problem) return null;
    const names = [
      'length',
      'seed',
      'title',
      'count',
      'prompt',
      ...this.visibleParameters().map((parameter) => parameter.name),
    ];
    return names.some((name) => problem.field(name)) ? null : this.errorMessages.of(problem);
  });

  private isAdvanced(parameter: Parameter): boolean {
    return parameter.group === 'advanced' || parameter.name === 'strategy' || parameter === this.adventure()?.parameter;
  }

  protected adventureText(share: number): ComposeKey {
    return share < 0.4 ? 'safe' : share > 0.6 ? 'adventurous' : 'balanced';
  }

  protected setAdventure(share: number): void {
    const adventure = this.adventure();
    if (adventure) this.setValue(adventure.parameter, adventureValue(adventure, share));
  }

  /** Fill the form with what was understood of a description. */
  protected useInterpretation(found: Schema<'InterpretationView'>): void {
    const model = this.composer.models()?.find((candidate) => candidate.name === found.model);
    if (!model) return;
    const draft = newDraft(model, this.composer.draft() ?? undefined);
    let values = draft.values;
    for (const [name, value] of Object.entries(found.parameters))
      values = withValue(model.parameters, values, name, value);
    this.composer.submission.problem.set(null);
    this.composer.draft.set({ ...draft, values, length: found.length ?? draft.length });
  }

  /** Keep the focused control above the button that sticks to the bottom (WCAG 2.4.11). */
  protected reveal(event: FocusEvent): void {
    const [bar, target] = [this.sendBar()?.nativeElement, event.target as HTMLElement];
    if (!bar || bar.contains(target)) return;
    // Radio buttons are shown as their labels.
    const hidden =
      (target.closest('label') ?? target).getBoundingClientRect().bottom + 8 - bar.getBoundingClientRect().top;
    if (hidden > 0) window.scrollBy({ top: hidden });
  }

  protected fieldError(name: string): string | null {
    return this.errorMessages.ofField(this.composer.submission.problem()?.field(name));
  }

  protected change(changes: Partial<Draft>): void {
    this.composer.draft.update((draft) => draft && { ...draft, ...changes });
    this.composer.submission.problem.set(null);
  }

  protected chooseModel(name: string): void {
    const model = this.composer.models()?.find((candidate) => candidate.name === name);
    if (model) this.composer.draft.update((draft) => newDraft(model, draft ?? undefined));
  }

  protected isSet(parameter: Parameter): boolean {
    return parameter.name in (this.composer.draft()?.values ?? {});
  }

  protected isAccompanying(draft: Draft): boolean {
    return draft.values['accompaniment'] === 'only' || draft.prompt?.use === 'accompany';
  }

  protected valueOf(parameter: Parameter): Value {
    return valueOf(parameter, this.composer.draft()?.values ?? {});
  }

  protected setValue(parameter: Parameter, value: Value | null): void {
    const [model, draft] = [this.composer.model(), this.composer.draft()];
    if (model && draft) this.change({ values: withValue(model.parameters, draft.values, parameter.name, value) });
  }

  protected usePreset(preset: string | null): void {
    const model = this.composer.model();
    if (model) this.change({ values: preset === null ? {} : presetValues(model, preset) });
  }

  protected isPreset(preset: string | null): boolean {
    const [model, draft] = [this.composer.model(), this.composer.draft()];
    if (!model || !draft) return false;
    return sameValues(draft.values, preset === null ? {} : presetValues(model, preset));
  }

  protected randomize(): void {
    const model = this.composer.model();
    if (model) this.change({ values: randomValues(model), seed: randomSeed() });
  }

  protected label(text: string): string {
    return manifestLabel(text, this.language.code());
  }

  protected submit(event: Event): void {
    event.preventDefault();
    const draft = this.composer.draft();
    if (!draft) return;
    const invalid = Object.keys(this.invalid())[0];
    if (invalid) {
      const details = this.more()?.nativeElement;
      if (details) details.open = true;
      document.getElementById(invalid)?.focus();
    } else this.send.emit(this.composer.renewSeed(draft));
  }

  protected readonly submitKey = computed<ComposeKey>(() => {
    if (this.composer.submission.isPending()) return 'submitting';
    return 'compose';
  });
}
