import type { Model, Parameter } from '../compose/draft';
import { sharedParameters } from './shared-parameters';

const bars = (minimum: number, maximum: number, value: number) =>
  ({
    name: 'bars',
    kind: 'integer',
    minimum,
    maximum,
    choices: [] as string[],
    default: value,
  }) as unknown as Parameter;
const key = (...choices: string[]) => ({ name: 'key', kind: 'choice', choices, default: 'any' }) as Parameter;
const model = (...parameters: Parameter[]) => ({ parameters }) as unknown as Model;

describe('sharedParameters', () => {
  it('offers only what all models accept', () => {
    const folk = model(bars(2, 64, 16), key('any', 'C major', 'D minor'));
    const ensemble = model(bars(4, 128, 32), key('any', 'D minor', 'E minor'));
    const [length, tonality] = sharedParameters([ensemble, folk]);
    expect([length?.minimum, length?.maximum, length?.default]).toEqual([4, 64, 32]);
    expect(tonality?.choices).toEqual(['any', 'D minor']);
    expect(sharedParameters([folk, model()])).toEqual([]);
    expect(sharedParameters([folk])).toEqual(folk.parameters);
  });
});
