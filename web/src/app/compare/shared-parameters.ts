import { Model, Parameter } from '../compose/draft';

/** The parameters that all variants of a comparison share, in their order. */
const NAMES = ['bars', 'style', 'meter', 'key'];

/** Return the parameters that all of these models have, with the choices and ranges that all of them accept. */
export function sharedParameters(models: readonly Model[]): Parameter[] {
  return NAMES.flatMap((name) => {
    const all = models.map((model) => model.parameters.find((parameter) => parameter.name === name));
    const shared = all.reduce((first, second) => first && second && intersection(first, second));
    return shared ? [shared] : [];
  });
}

function intersection(first: Parameter, second: Parameter): Parameter | undefined {
  if (first === second) return first;
  if (first.kind !== second.kind) return undefined;
  // Numbers have an empty list.
  if (first.choices?.length && second.choices?.length) {
    const choices = first.choices.filter((choice) => second.choices?.includes(choice as never)) as typeof first.choices;
    if (choices.length < 2) return undefined;
    return {
      ...first,
      choices,
      default: choices.includes(first.default as never) ? first.default : (choices[0] ?? ''),
    };
  }
  const minimum = Math.max(first.minimum ?? -Infinity, second.minimum ?? -Infinity);
  const maximum = Math.min(first.maximum ?? Infinity, second.maximum ?? Infinity);
  if (!(minimum < maximum)) return undefined;
  return { ...first, minimum, maximum, default: Math.min(maximum, Math.max(minimum, Number(first.default))) };
}
