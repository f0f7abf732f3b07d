import { Problem } from '../api/problem';
import { fieldMessage, problemMessage } from './problem-messages';

describe('problemMessage', () => {
  it('names the waiting time', () => {
    const problem = new Problem('queue-full', 503, 'The queue is full.', [], 7);
    expect(problemMessage(problem, 'en')).toContain('7 seconds');
    expect(problemMessage(problem, 'es')).toContain('7 segundos');
    expect(problemMessage(new Problem('too-many-attempts', 429, '', [], 600), 'en')).toContain('10 minutes');
  });

  it('names the limit and when it ends', () => {
    const problem = new Problem('daily-quota-reached', 429, '', [], 36_000, { pieces: 5000, remaining: 2 });
    expect(problemMessage(problem, 'en')).toMatch(/5,000 pieces a day; 2 are left today.+ 10 hours/);
    expect(problemMessage(problem, 'es')).toMatch(/5000 piezas al día; hoy te quedan 2\. .+ 10 horas/);
  });

  it('falls back to the status for an unknown problem type', () => {
    for (const status of [400, 401, 403, 404, 409, 413, 418, 429, 500, 502, 503]) {
      for (const language of ['en', 'es'] as const) {
        expect(problemMessage(new Problem('unknown-type', status, 'x'), language)).toMatch(/^\p{Lu}.+[.]$/u);
      }
    }
  });
});

describe('fieldMessage', () => {
  const of = (limits: Record<string, unknown>, message = '') => ({ field: 'body.length', message, limits });

  it('names the limits in the chosen language', () => {
    expect(fieldMessage(of({ ge: 16, le: 2000 }), 'es')).toBe('Debe estar entre 16 y 2000.');
    expect(fieldMessage(of({ le: 2000 }), 'en')).toBe('Must be at most 2000.');
    expect(fieldMessage(of({ min_length: 8 }), 'en')).toBe('At least 8 characters.');
  });

  it('shows the message of the service for unknown limits, in English only', () => {
    expect(fieldMessage(of({}, 'Should be a key such as A minor'), 'en')).toBe('Should be a key such as A minor.');
    expect(fieldMessage(of({}, 'Should be a key such as A minor'), 'es')).toBe('Valor no válido.');
  });
});
