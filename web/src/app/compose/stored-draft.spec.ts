import { Model, newDraft } from './draft';
import { restoreDraft, storeDraft } from './stored-draft';

const model = {
  name: 'folk',
  kind: 'melody',
  length: null,
  parameters: [
    { name: 'style', kind: 'choice', choices: ['jigs', 'reels'], default: 'jigs' },
    { name: 'tempo', kind: 'number', minimum: 40, maximum: 240, default: 120 },
  ],
  presets: {},
} as unknown as Model;

describe('restoreDraft', () => {
  beforeEach(() => sessionStorage.clear());

  it('restores the form, with a new seed unless it is kept', () => {
    const draft = { ...newDraft(model), seed: '7', title: 'Dawn', values: { style: 'reels', tempo: 90 } };
    storeDraft(draft);
    expect(restoreDraft([model])).toMatchObject({ title: 'Dawn', values: { style: 'reels', tempo: 90 } });
    storeDraft({ ...draft, keepSeed: true });
    expect(restoreDraft([model])?.seed).toBe('7');
  });

  it('leaves out values that the model does not accept, and models that are gone', () => {
    storeDraft({ ...newDraft(model), values: { style: 'polkas', tempo: 'fast', other: 1 } });
    expect(restoreDraft([model])?.values).toEqual({});
    expect(restoreDraft([{ ...model, name: 'pop' }])).toBeNull();
  });
});
