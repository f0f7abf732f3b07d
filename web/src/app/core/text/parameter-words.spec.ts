import { keyWord } from './keys';
import { loadSpanish, parameterWord } from './parameter-words';

describe('parameterWord', () => {
  it('translates what manifests say, whatever its capitals', async () => {
    await loadSpanish();
    expect(parameterWord('Top k', 'es')).toBe('Los k mejores');
    expect(parameterWord('top_k', 'es')).toBe('Los k mejores');
    expect(parameterWord('nylon guitar', 'es')).toBe('Guitarra española');
    expect(parameterWord('top_k', 'en')).toBe('Top k');
    expect(parameterWord('Unheard of', 'es')).toBe('Unheard of');
  });
});

describe('keyWord', () => {
  it('names keys as the language does', () => {
    expect(keyWord('Db major', 'es')).toBe('Re♭ mayor');
    expect(keyWord('F# minor', 'en')).toBe('F♯ minor');
    expect(keyWord('any', 'es')).toBe('any');
  });
});
