import { Draft, Model, valueOf } from './draft';

const PROGRAMS = 128;

/** Return the General MIDI programs that a draft selects, as far as its parameters name them. */
export function draftPrograms(model: Model | null, draft: Draft): number[] {
  const names = ['instrument', 'melody_instrument', 'accompaniment_instrument'];
  const parameters = model?.parameters.filter((parameter) => names.includes(parameter.name)) ?? [];
  const programs = parameters.map((parameter) => {
    // Choices of all instruments are in the order of their programs.
    const choices = parameter.choices ?? [];
    return choices.length === PROGRAMS ? choices.indexOf(String(valueOf(parameter, draft.values))) : 0;
  });
  return [...new Set(programs.filter((program) => program >= 0))];
}
