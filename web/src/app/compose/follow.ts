import { Api } from '../core/api/api';
import { readEvents } from '../core/api/events';
import { Problem } from '../core/api/problem';
import { Backoff } from '../core/backoff';
import { readMidi } from '../shared/midi/read-midi';
import { RollNote } from '../shared/midi/notes';
import { Generation, Piece } from './piece';

/** The data of `notes` events; the document does not describe what streams. */
interface NotesTold {
  readonly steps: number;
  readonly length: number;
  readonly notes: readonly RollNote[];
}

/** Follows a piece until it has ended. A lost connection is taken up again where it broke. Raises Problem, never for that. */
export async function follow(api: Api, piece: Piece, until: AbortSignal): Promise<void> {
  let last = '';
  const backoff = new Backoff();
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
        backoff.reset();
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
    await backoff.wait(until);
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
