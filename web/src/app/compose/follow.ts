import { Api } from '../core/api/api';
import { readEvents } from '../core/api/events';
import { Problem } from '../core/api/problem';
import { readMidi } from '../shared/midi/read-midi';
import { RollNote } from '../shared/midi/notes';
import { Generation, Piece } from './piece';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** The data of `notes` events; the document does not describe what streams. */
interface NotesTold {
  readonly steps: number;
  readonly length: number;
  readonly notes: readonly RollNote[];
}

/** Follows a piece until it has ended. A lost connection is taken up again where it broke. Raises Problem, never for that. */
export async function follow(api: Api, piece: Piece, until: AbortSignal): Promise<void> {
  let last = '';
  let pause = FIRST_PAUSE_MS;
  while (!until.aborted && !piece.ended) {
    const broken = new AbortController();
    const stop = () => broken.abort();
    until.addEventListener('abort', stop);
    window.addEventListener('offline', stop);
    try {
      const headers: Record<string, string> = last ? { 'Last-Event-ID': last } : {};
      const url = `/api/v1/generations/${piece.id}/events`;
      const response = await api.fetch(url, { headers, signal: broken.signal });
      piece.lost.set(false);
      for await (const event of readEvents(response.body as ReadableStream<Uint8Array>)) {
        apply(piece, event.event, event.data);
        last = event.id;
        pause = FIRST_PAUSE_MS;
      }
    } catch (error) {
      if (until.aborted) return;
      const problem = Problem.from(error);
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) throw problem;
    } finally {
      until.removeEventListener('abort', stop);
      window.removeEventListener('offline', stop);
    }
    if (piece.ended || until.aborted) break;
    piece.lost.set(true);
    await pauseOrOnline(pause, until);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
  piece.lost.set(false);
  if (piece.state().midi_url) await exactNotes(api, piece);
}

function apply(piece: Piece, name: string, data: string): void {
  const told = JSON.parse(data) as unknown;
  if (name === 'notes') {
    const { notes, steps, length } = told as NotesTold;
    piece.add(notes, steps / Math.max(1, length));
  } else {
    piece.state.set(told as Generation);
  }
}

/** The file has the last word about durations. */
async function exactNotes(api: Api, piece: Piece): Promise<void> {
  try {
    const response = await api.fetch(piece.state().midi_url as string);
    piece.notes.set(readMidi(await response.arrayBuffer()));
  } catch {
    // What was followed is near enough.
  }
}

function pauseOrOnline(milliseconds: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      until.removeEventListener('abort', done);
      resolve();
    };
    // While the browser knows that there is no network, nothing is tried.
    const timer = setTimeout(() => (navigator.onLine ? done() : undefined), milliseconds);
    window.addEventListener('online', done);
    until.addEventListener('abort', done);
  });
}
