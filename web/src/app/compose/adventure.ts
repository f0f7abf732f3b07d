import { Model, Parameter, Values, valueOf } from './draft';

/** The parameters that say how predictable the music is, and the values at the ends of the slider. */
const RANGES: Readonly<Record<string, readonly [safe: number, adventurous: number]>> = {
  temperature: [0.65, 1.3],
  noise_scale: [0.6, 1.5],
};

export interface Adventure {
  readonly parameter: Parameter;
  /** 0 is safe, 0.5 the model's default, 1 adventurous. */
  readonly share: number;
}

/** Return the position of the slider; null if the model has no such parameter, or not with these values. */
export function adventureOf(model: Model, values: Values, applicable: readonly Parameter[]): Adventure | null {
  const parameter = applicable.find((candidate) => candidate.name in RANGES);
  const range = parameter && RANGES[parameter.name];
  if (!parameter || !range || !model.parameters.includes(parameter)) return null;
  const [value, usual] = [Number(valueOf(parameter, values)), Number(parameter.default)];
  const [safe, adventurous] = limits(parameter, range);
  const share =
    value < usual
      ? 0.5 - (0.5 * (usual - value)) / (usual - safe)
      : 0.5 + (0.5 * (value - usual)) / (adventurous - usual);
  return { parameter, share: Math.min(1, Math.max(0, share)) };
}

/** Return the parameter's value at a position of the slider. */
export function adventureValue({ parameter }: Adventure, share: number): number {
  const usual = Number(parameter.default);
  const [safe, adventurous] = limits(parameter, RANGES[parameter.name] ?? [usual, usual]);
  const value =
    share < 0.5 ? usual - (usual - safe) * (1 - 2 * share) : usual + (adventurous - usual) * (2 * share - 1);
  return Math.round(value * 100) / 100;
}

function limits(parameter: Parameter, [safe, adventurous]: readonly [number, number]): [number, number] {
  return [Math.max(safe, parameter.minimum ?? safe), Math.min(adventurous, parameter.maximum ?? adventurous)];
}
