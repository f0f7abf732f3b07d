import { Draft, Model, valueOf } from './draft';

/** The expected length of the draft's piece; null for a model that states none. */
export function lengthEstimate(model: Model, draft: Draft): { seconds: number; bars: number } | null {
  const { estimate, length: limits } = model;
  if (!estimate) return null;
  const parameter = (name: string) => model.parameters.find((candidate) => candidate.name === name);
  const bars = parameter('bars');
  const factor = limits
    ? (draft.length ?? limits.default) / limits.default
    : bars
      ? Number(valueOf(bars, draft.values)) / Number(bars.default)
      : 1;
  const tempo = parameter('tempo');
  const slowness = tempo ? Number(tempo.default) / Number(valueOf(tempo, draft.values)) : 1;
  return { seconds: estimate.seconds * factor * slowness, bars: estimate.bars * factor };
}
