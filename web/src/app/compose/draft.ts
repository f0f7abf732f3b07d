import type { Schema } from '../core/api/types';

export type Model = Schema<'ModelView'>;
export type Parameter = Schema<'ParameterView'>;
export type Value = boolean | number | string;
export type Values = Readonly<Record<string, Value>>;

/** The settings of the next generation request. `values` holds only what differs from the model's defaults. */
export interface Draft {
  readonly model: string;
  /** In events; null for a model whose length is one of its parameters. */
  readonly length: number | null;
  readonly seed: string;
  /** Whether the seed stays for the next piece; otherwise each piece gets a new one. */
  readonly keepSeed: boolean;
  readonly count: number;
  readonly title: string;
  readonly values: Values;
  /** What a melody model continues or accompanies. */
  readonly prompt: Prompt | null;
}

/** A song, by its id, or a MIDI file. */
export interface Prompt {
  readonly title: string;
  readonly songId?: string;
  readonly midi?: Uint8Array;
  /** The number of bars that are used; null for as many as fit. */
  readonly bars: number | null;
  /** What an ensemble model does with it; melody models have a parameter for it. */
  readonly use?: PromptUse;
  /** The bars that are replaced, from 1. */
  readonly firstBar?: number;
  readonly lastBar?: number;
  /** The tracks that are replaced, from 1; none for all. */
  readonly tracks?: readonly number[];
}

export type PromptUse = NonNullable<Schema<'PromptRequest'>['use']>;

export const MAX_SEED = Number.MAX_SAFE_INTEGER;

export function newDraft(model: Model, from?: Draft): Draft {
  return {
    model: model.name,
    length: model.length?.default ?? null,
    seed: from?.seed ?? randomSeed(),
    keepSeed: from?.keepSeed ?? false,
    count: from?.count ?? 1,
    title: from?.title ?? '',
    values: {},
    prompt: from && acceptsPrompt(model) ? from.prompt : null,
  };
}

/** Return whether a model can continue a piece. */
/** Of several versions of a model, the one that composes most requests for it. */
export function mainVersions(models: readonly Model[]): Model[] {
  const main = new Map<string, Model>();
  for (const model of models) {
    const best = main.get(model.name);
    if (!best || (model.share ?? 1) >= (best.share ?? 1)) main.set(model.name, model);
  }
  return [...main.values()];
}

export function acceptsPrompt(model: Model): boolean {
  return model.kind === 'melody' || model.kind === 'ensemble';
}

/** Return whether a model can accompany a piece. */
export function canAccompany(model: Model): boolean {
  if (model.kind === 'ensemble') return true;
  const parameter = model.parameters.find((candidate) => candidate.name === 'accompaniment');
  return parameter?.choices?.includes('only') ?? false;
}

/** Return the draft with another prompt, which the model continues or, with `accompanyOnly`, accompanies. */
export function withPrompt(model: Model, draft: Draft, prompt: Prompt | null, accompanyOnly: boolean): Draft {
  const current = draft.values['accompaniment'];
  const value = accompanyOnly ? 'only' : current === 'only' ? undefined : current;
  const parameter = model.parameters.find((candidate) => candidate.name === 'accompaniment');
  if (!parameter) {
    const use = accompanyOnly ? 'accompany' : prompt?.use === 'accompany' ? 'continue' : prompt?.use;
    // An accompaniment needs an instrument; the user may choose others.
    const values = accompanyOnly ? { ...draft.values, parts: draft.values['parts'] ?? 'piano' } : draft.values;
    return { ...draft, values, prompt: prompt && use ? { ...prompt, use } : prompt };
  }
  const values = withValue(model.parameters, draft.values, 'accompaniment', value ?? parameter.default);
  return { ...draft, prompt, values };
}

/** Return a random seed of at most six digits. */
export function randomSeed(): string {
  return String(Math.floor(Math.random() * 1_000_000));
}

export function isInvalidSeed(seed: string): boolean {
  return !/^\d{1,16}$/.test(seed.trim()) || Number(seed) > MAX_SEED;
}

export function valueOf(parameter: Parameter, values: Values): Value {
  return values[parameter.name] ?? parameter.default;
}

/** Return the parameters that apply with these values (`only_with`), in their order. */
export function applicableParameters(parameters: readonly Parameter[], values: Values): Parameter[] {
  let applicable = [...parameters];
  for (;;) {
    const remaining = new Map(applicable.map((parameter) => [parameter.name, valueOf(parameter, values)]));
    const next = applicable.filter((parameter) =>
      Object.entries(parameter.only_with ?? {}).every(([name, allowed]) =>
        allowed.includes(remaining.get(name) as Value),
      ),
    );
    if (next.length === applicable.length) return next;
    applicable = next;
  }
}

/** Return the choices that a value of a parameter with several of them combines; none for its default. */
export function choicesOf(parameter: Parameter, value: string): string[] {
  return value === parameter.default ? [] : value.split(', ');
}

/**
 * Return the values with one of them set, or left to the model with null; values that it excludes or that no longer
 * apply go back to the defaults.
 */
export function withValue(parameters: readonly Parameter[], values: Values, name: string, value: Value | null): Values {
  const parameter = parameters.find((candidate) => candidate.name === name);
  if (!parameter) return values;
  const next: Record<string, Value> = { ...values };
  if (value !== null) next[name] = value;
  // Of an optional parameter, the default is a value like any other.
  if (value === null || (value === parameter.default && !parameter.optional)) delete next[name];
  else {
    const excluded = parameters.filter((other) => other.excludes?.includes(name)).map((other) => other.name);
    for (const other of [...(parameter.excludes ?? []), ...excluded]) delete next[other];
  }
  const remaining = new Set(applicableParameters(parameters, next).map((candidate) => candidate.name));
  return Object.fromEntries(Object.entries(next).filter(([key]) => remaining.has(key)));
}

/** Return the values of a preset that differ from the defaults. */
export function presetValues(model: Model, preset: string): Values {
  let values: Values = {};
  for (const [name, value] of Object.entries(model.presets[preset] ?? {})) {
    values = withValue(model.parameters, values, name, value);
  }
  return values;
}

/** Return random values close to the tested ones: a random preset, numbers moved by up to 15 % of their range, random choices. */
export function randomValues(model: Model, random: () => number = Math.random): Values {
  const presets = Object.keys(model.presets);
  const preset = presets[Math.floor(random() * presets.length)];
  let values = preset ? presetValues(model, preset) : {};
  for (const parameter of model.parameters.filter((candidate) => candidate.group === 'basic')) {
    const current = valueOf(parameter, values);
    // A progression of chords fits one key only.
    if (parameter.custom || (parameter.optional && !(parameter.name in values))) continue;
    if (parameter.kind === 'choice' && parameter.choices?.length) {
      const choice = parameter.choices[Math.floor(random() * parameter.choices.length)];
      values = withValue(model.parameters, values, parameter.name, choice as Value);
    } else if (typeof current === 'number' && parameter.minimum != null && parameter.maximum != null) {
      const range = parameter.maximum - parameter.minimum;
      const moved = Math.min(parameter.maximum, Math.max(parameter.minimum, current + (random() - 0.5) * 0.3 * range));
      const rounded = parameter.kind === 'int' ? Math.round(moved) : Math.round(moved * 100) / 100;
      values = withValue(model.parameters, values, parameter.name, rounded);
    }
  }
  return values;
}

/** Return whether two sets of values are equal. */
export function sameValues(a: Values, b: Values): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
