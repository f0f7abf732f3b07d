import { Problem } from '../api/problem';
import { fieldSentence, problemSentence } from './problem-texts';

describe('problemSentence', () => {
  it('tells how long to wait', () => {
    const problem = new Problem('queue-full', 503, 'The queue is full.', [], 7);
    expect(problemSentence(problem, 'en')).toContain('7 seconds');
    expect(problemSentence(problem, 'es')).toContain('7 segundos');
    expect(problemSentence(new Problem('too-many-attempts', 429, '', [], 600), 'en')).toContain('10 minutes');
  });

  it('has a sentence for a problem that it does not know, by its status', () => {
    for (const status of [400, 401, 403, 404, 409, 413, 418, 429, 500, 502, 503]) {
      for (const language of ['en', 'es'] as const) {
        expect(problemSentence(new Problem('of-tomorrow', status, 'x'), language)).toMatch(/^\p{Lu}.+[.]$/u);
      }
    }
  });
});

describe('fieldSentence', () => {
  const of = (limits: Record<string, unknown>, message = '') => ({ field: 'body.length', message, limits });

  it('names the range in the language', () => {
    expect(fieldSentence(of({ ge: 16, le: 2000 }), 'es')).toBe('Debe estar entre 16 y 2000.');
    expect(fieldSentence(of({ le: 2000 }), 'en')).toBe('Must be at most 2000.');
    expect(fieldSentence(of({ min_length: 8 }), 'en')).toBe('At least 8 characters.');
  });

  it('shows the words of the service where it knows no better, in English only', () => {
    expect(fieldSentence(of({}, 'Should be a key such as A minor'), 'en')).toBe('Should be a key such as A minor.');
    expect(fieldSentence(of({}, 'Should be a key such as A minor'), 'es')).toBe('No se ha aceptado.');
  });
});
