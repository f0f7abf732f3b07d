import { Draft, Model, acceptsPrompt, newDraft, withValue } from './draft';

const STORAGE_KEY = 'euterpe.draft';

/** Keep the form for this tab, so that it survives a reload. MIDI files are not kept: they can be large. */
export function storeDraft(draft: Draft): void {
  try {
    const prompt = draft.prompt?.midi ? null : draft.prompt;
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ ...draft, prompt }));
  } catch {
    // Storage may be disabled or full.
  }
}

/** Return the form that this tab had, without what the models no longer accept; null if there is none. */
export function restoreDraft(models: readonly Model[]): Draft | null {
  let stored: Partial<Draft>;
  try {
    stored = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null') ?? {};
  } catch {
    return null;
  }
  const model = models.find((candidate) => candidate.name === stored.model);
  if (!model) return null;
  const base = newDraft(model);
  let values = base.values;
  for (const [name, value] of Object.entries(stored.values ?? {})) {
    const parameter = model.parameters.find((candidate) => candidate.name === name);
    const isKnown = !parameter?.choices?.length || !!parameter.custom || parameter.choices.includes(value as string);
    if (parameter && isKnown && typeof value === typeof parameter.default)
      values = withValue(model.parameters, values, name, value);
  }
  const limits = model.length;
  const length = stored.length ?? base.length;
  return {
    ...base,
    length: limits && length !== null ? Math.min(limits.maximum, Math.max(limits.minimum, length)) : base.length,
    seed: stored.keepSeed && stored.seed ? stored.seed : base.seed,
    keepSeed: stored.keepSeed ?? false,
    count: stored.count ?? base.count,
    title: stored.title ?? base.title,
    values,
    prompt: acceptsPrompt(model) ? (stored.prompt ?? null) : null,
  };
}
