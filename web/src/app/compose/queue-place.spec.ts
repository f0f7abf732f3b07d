import type { Api } from '../core/api/api';
import { Generation, Piece } from './piece';
import { followPlace } from './queue-place';

const waiting = (position: number) => ({ status: 'queued', queue: { position, estimated_wait_seconds: 4 } });
const piece = () => new Piece({ id: 'g1', status: 'queued', progress: 0 } as Generation);
const answering = (...answers: unknown[]) => ({ get: async () => answers.shift() }) as unknown as Api;

describe('followPlace', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('tells each place until the piece begins', async () => {
    const waits = piece();
    const followed = followPlace(answering(waiting(12), waiting(3)), waits, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(200);
    expect(waits.state().queue?.position).toBe(12);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(waits.state().queue?.position).toBe(3);
    waits.state.update((state) => ({ ...state, status: 'running' }));
    await vi.advanceTimersByTimeAsync(2_000);
    await followed;
  });

  it('asks nothing about a piece that begins at once, and nothing any more when nobody watches', async () => {
    const begun = piece();
    const nobody = { get: () => expect.unreachable() } as unknown as Api;
    const followed = followPlace(nobody, begun, new AbortController().signal);
    begun.state.update((state) => ({ ...state, status: 'running' }));
    await vi.runAllTimersAsync();
    await followed;
    const left = new AbortController();
    left.abort();
    const unwatched = followPlace(nobody, piece(), left.signal);
    await vi.runAllTimersAsync();
    await unwatched;
  });
});
