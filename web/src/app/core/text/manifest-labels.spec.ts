import { instrumentLabel } from './instrument-label';
import { keyName } from './key-names';
import { loadComposerNames, loadSpanishLabels, manifestLabel, styleLabel } from './manifest-labels';

describe('manifestLabel', () => {
  it('translates the texts of manifests, whatever their case', async () => {
    await loadSpanishLabels();
    expect(manifestLabel('Top k', 'es')).toBe('Los k mejores');
    expect(manifestLabel('top_k', 'es')).toBe('Los k mejores');
    expect(manifestLabel('nylon guitar', 'es')).toBe('Guitarra española');
    expect(manifestLabel('top_k', 'en')).toBe('Top k');
    expect(manifestLabel('Unheard of', 'es')).toBe('Unheard of');
  });
});

describe('styleLabel', () => {
  it('prints the names of composers and players', async () => {
    await Promise.all([loadComposerNames(), loadSpanishLabels()]);
    expect(styleLabel('classical/art song/faure', 'es')).toBe('Fauré');
    expect(styleLabel('classical/string quartet/saint-georges', 'en')).toBe('Saint-Georges');
    expect(styleLabel('jazz/solo/jjjohnson', 'en')).toBe('J. J. Johnson');
    expect(styleLabel('classical/string quartet', 'es')).toBe('Cuarteto de cuerda');
  });

  it('writes whole paths out, but not meters', async () => {
    await Promise.all([loadComposerNames(), loadSpanishLabels()]);
    expect(manifestLabel('classical/baroque/bach', 'en')).toBe('Classical · Baroque · Bach');
    expect(manifestLabel('folk/waltz', 'es')).toBe('Folk · Vals');
    expect(manifestLabel('6/8', 'en')).toBe('6/8');
  });
});

describe('instrumentLabel', () => {
  it('spells the instruments of songs as the forms do', async () => {
    await loadSpanishLabels();
    expect(instrumentLabel('Acoustic Guitar (nylon)', 'en')).toBe('Nylon guitar');
    expect(instrumentLabel('Acoustic Guitar (nylon)', 'es')).toBe('Guitarra española');
    expect(instrumentLabel('Flute', 'en')).toBe('Flute');
  });
});

describe('keyName', () => {
  it('translates musical keys', () => {
    expect(keyName('Db major', 'es')).toBe('Re♭ mayor');
    expect(keyName('F# minor', 'en')).toBe('F♯ minor');
    expect(keyName('any', 'es')).toBe('any');
  });
});
