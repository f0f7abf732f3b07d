import type { Schema } from '../core/api/types';

export type Model = Schema<'ModelView'>;
export type Parameter = Schema<'ParameterView'>;
export type Value = boolean | number | string;
export type Values = Readonly<Record<string, Value>>;

/** What will be asked for: only what differs from the model's defaults stands in `values`. */
export interface Draft {
  readonly model: string;
  /** In events; null for a model that measures its pieces otherwise, by a parameter. */
  readonly length: number | null;
  readonly seed: string;
  readonly count: number;
  readonly title: string;
  readonly values: Values;
  /** What a melody model goes on from, or accompanies. */
  readonly beginning: Beginning | null;
}

/** A song by its id, or a MIDI file; of either the first bars. */
export interface Beginning {
  readonly title: string;
  readonly songId?: string;
  readonly midi?: Uint8Array;
  /** null for all that fits. */
  readonly bars: number | null;
}

export const MAX_SEED = Number.MAX_SAFE_INTEGER;

export function freshDraft(model: Model, from?: Draft): Draft {
  return {
    model: model.name,
    length: model.length?.default ?? null,
    seed: from?.seed ?? dice(),
    count: from?.count ?? 1,
    title: from?.title ?? '',
    values: {},
    beginning: from && takesBeginnings(model) ? from.beginning : null,
  };
}

/** Whether a model goes on from what it is given. */
export function takesBeginnings(model: Model): boolean {
  return model.kind === 'melody';
}

/** Whether a model can leave a melody as it is and compose chords only. */
export function accompanies(model: Model): boolean {
  const parameter = model.parameters.find((candidate) => candidate.name === 'accompaniment');
  return parameter?.choices?.includes('only') ?? false;
}

/** The draft with a beginning, or without one: continued, or with `only` accompanied. */
export function withBeginning(model: Model, draft: Draft, beginning: Beginning | null, only: boolean): Draft {
  const now = draft.values['accompaniment'];
  const wanted = only ? 'only' : now === 'only' ? undefined : now;
  const parameter = model.parameters.find((candidate) => candidate.name === 'accompaniment');
  if (!parameter) return { ...draft, beginning };
  const values = withValue(model.parameters, draft.values, 'accompaniment', wanted ?? parameter.default);
  return { ...draft, beginning, values };
}

/** A seed as a person would write one down. */
export function dice(): string {
  return String(Math.floor(Math.random() * 1_000_000));
}

export function seedProblem(seed: string): boolean {
  return !/^\d{1,16}$/.test(seed.trim()) || Number(seed) > MAX_SEED;
}

export function valueOf(parameter: Parameter, values: Values): Value {
  return values[parameter.name] ?? parameter.default;
}

/** The parameters that mean something with these values (`only_with`), in their order. */
export function applicable(parameters: readonly Parameter[], values: Values): Parameter[] {
  let left = [...parameters];
  for (;;) {
    const there = new Map(left.map((parameter) => [parameter.name, valueOf(parameter, values)]));
    const next = left.filter((parameter) =>
      Object.entries(parameter.only_with ?? {}).every(([name, wanted]) => wanted.includes(there.get(name) as Value)),
    );
    if (next.length === left.length) return next;
    left = next;
  }
}

/** The values with one of them set; those that it excludes fall back, and so do those that mean nothing any more. */
export function withValue(parameters: readonly Parameter[], values: Values, name: string, value: Value): Values {
  const parameter = parameters.find((candidate) => candidate.name === name);
  if (!parameter) return values;
  const next: Record<string, Value> = { ...values, [name]: value };
  if (value === parameter.default) delete next[name];
  else {
    const excluded = parameters.filter((other) => other.excludes?.includes(name)).map((other) => other.name);
    for (const other of [...(parameter.excludes ?? []), ...excluded]) delete next[other];
  }
  const meaningful = new Set(applicable(parameters, next).map((candidate) => candidate.name));
  return Object.fromEntries(Object.entries(next).filter(([key]) => meaningful.has(key)));
}

/** A preset's values, less those that are the defaults anyway. */
export function presetValues(model: Model, preset: string): Values {
  let values: Values = {};
  for (const [name, value] of Object.entries(model.presets[preset] ?? {})) {
    values = withValue(model.parameters, values, name, value);
  }
  return values;
}

/** Something new that is still safe: a preset, its numbers moved a little, its basic choices thrown. */
export function surprise(model: Model, random: () => number = Math.random): Values {
  const presets = Object.keys(model.presets);
  const preset = presets[Math.floor(random() * presets.length)];
  let values = preset ? presetValues(model, preset) : {};
  for (const parameter of model.parameters.filter((candidate) => candidate.group === 'basic')) {
    const now = valueOf(parameter, values);
    if (parameter.kind === 'choice' && parameter.choices?.length) {
      const thrown = parameter.choices[Math.floor(random() * parameter.choices.length)];
      values = withValue(model.parameters, values, parameter.name, thrown as Value);
    } else if (typeof now === 'number' && parameter.minimum != null && parameter.maximum != null) {
      const range = parameter.maximum - parameter.minimum;
      const moved = Math.min(parameter.maximum, Math.max(parameter.minimum, now + (random() - 0.5) * 0.3 * range));
      const rounded = parameter.kind === 'int' ? Math.round(moved) : Math.round(moved * 100) / 100;
      values = withValue(model.parameters, values, parameter.name, rounded);
    }
  }
  return values;
}

/** Whether two sets of values say the same. */
export function sameValues(a: Values, b: Values): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
