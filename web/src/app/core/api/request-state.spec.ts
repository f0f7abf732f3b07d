import { Problem } from './problem';
import { RequestState } from './request-state';

describe('RequestState', () => {
  it('is pending while the request runs', async () => {
    const state = new RequestState();
    const result = state.run(async () => expect(state.isPending()).toBe(true));
    expect(await result).toBe(true);
    expect(state.isPending()).toBe(false);
  });

  it('keeps the problem of a failed request until the next attempt', async () => {
    const state = new RequestState();
    const problem = new Problem('queue-full', 503, 'The queue is full.');
    expect(await state.run(() => Promise.reject(problem))).toBe(false);
    expect(state.problem()).toBe(problem);
    expect(state.isPending()).toBe(false);
    await state.run(async () => expect(state.problem()).toBeNull());
    expect(state.problem()).toBeNull();
  });
});
