import type { Api } from '../core/api/api';
import { streamProgress } from './progress-stream';
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
  track_indices: onsets.map(() => 1),
  tracks: [
    { program: 73, is_drum: false },
    { program: 24, is_drum: false },
  ],
});

/** A connection that ends after these events. */
const connection = (...events: string[]) => new Response(events.join(''));

describe('streamProgress', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('resumes a lost connection without missing or repeated notes', async () => {
    const requested: (string | null)[] = [];
    const answers = [
      () => connection(event('queued', '0.0', state('queued')), event('notes', '1.2', notes(2, 0, 1))),
      () => {
        throw new TypeError('network');
      },
      () =>
        connection(event('notes', '5.4', notes(4, 2, 3)), event('done', '6.4', state('succeeded', { progress: 1 }))),
    ];
    const fetch = async (_: string, init: RequestInit) => {
      requested.push(new Headers(init.headers).get('Last-Event-ID'));
      return (answers.shift() as () => Response)();
    };
    const piece = new Piece(state('queued'));
    const finished = streamProgress({ fetch } as unknown as Api, piece, new AbortController().signal);
    await vi.runAllTimersAsync();
    await finished;
    expect(requested).toEqual([null, '1.2', '1.2']);
    expect(piece.notes().map((note) => note[0])).toEqual([0, 1, 2, 3]);
    expect(piece.live.notes.map((note) => note.track)).toEqual([1, 1, 1, 1]);
    expect(piece.live.tracks.map((track) => track.program)).toEqual([73, 24]);
    expect(piece.live.isComplete).toBe(true);
    expect(piece.state().status).toBe('succeeded');
    expect(piece.isDisconnected()).toBe(false);
  });

  it('throws if the generation does not exist', async () => {
    const notFound = async () => {
      const { Problem } = await import('../core/api/problem');
      throw new Problem('generation-not-found', 404, '');
    };
    const { signal } = new AbortController();
    await expect(
      streamProgress({ fetch: notFound } as unknown as Api, new Piece(state('queued')), signal),
    ).rejects.toMatchObject({
      slug: 'generation-not-found',
    });
  });
});
