import type { Api } from '../core/api/api';
import { follow } from './follow';
import { Generation, Piece } from './piece';

const state = (status: Generation['status'], rest: Partial<Generation> = {}): Generation => ({
  id: 'g1',
  order_id: 'g1',
  variation: 0,
  status,
  progress: 0,
  model: 'm',
  model_version: '1',
  seed: 1,
  length: 4,
  title: 'T',
  created_at: '2026-01-01T00:00:00Z',
  ...rest,
});

const event = (name: string, id: string, data: unknown) =>
  `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

const notes = (steps: number, ...onsets: number[]) => ({
  steps,
  length: 4,
  notes: onsets.map((onset) => [onset, 1, 60, 90]),
});

/** A connection that brings some events and then ends, as they are lost on trains. */
const connection = (...events: string[]) => new Response(events.join(''));

describe('follow', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('takes a lost connection up where it broke, so that no note is missing or comes twice', async () => {
    const asked: (string | null)[] = [];
    const answers = [
      () => connection(event('queued', '0.0', state('queued')), event('notes', '1.2', notes(2, 0, 1))),
      () => {
        throw new TypeError('network');
      },
      () =>
        connection(event('notes', '5.4', notes(4, 2, 3)), event('done', '6.4', state('succeeded', { progress: 1 }))),
    ];
    const fetch = async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('Last-Event-ID'));
      return (answers.shift() as () => Response)();
    };
    const piece = new Piece(state('queued'));
    const followed = follow({ fetch } as unknown as Api, piece, new AbortController().signal);
    await vi.runAllTimersAsync();
    await followed;
    expect(asked).toEqual([null, '1.2', '1.2']);
    expect(piece.notes().map((note) => note[0])).toEqual([0, 1, 2, 3]);
    expect(piece.state().status).toBe('succeeded');
    expect(piece.lost()).toBe(false);
  });

  it('gives up when there is no such piece', async () => {
    const gone = async () => {
      const { Problem } = await import('../core/api/problem');
      throw new Problem('generation-not-found', 404, '');
    };
    const until = new AbortController().signal;
    await expect(follow({ fetch: gone } as unknown as Api, new Piece(state('queued')), until)).rejects.toMatchObject({
      slug: 'generation-not-found',
    });
  });
});
