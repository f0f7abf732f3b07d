import { Api } from '../core/api/api';
import { readEvents } from '../core/api/events';
import { Problem } from '../core/api/problem';
import { Backoff } from '../core/backoff';
import { RollNote } from '../shared/midi/notes';
import { Generation, Piece } from './piece';

/** The data of a `notes` event; the OpenAPI document does not describe event streams. */
interface NotesEvent {
  readonly steps: number;
  readonly length: number;
  readonly notes: readonly RollNote[];
  /** Absent from services of an older version during an upgrade. */
  readonly track_indices?: readonly number[];
  readonly tracks?: readonly { readonly program: number; readonly is_drum: boolean }[];
}

/**
 * Apply the events of a generation to its piece until the generation has ended. A lost connection is resumed after the
 * last event that arrived; `onNotes` is called after notes were added. Throws Problem for a 4xx status other than 429.
 */
export async function streamProgress(
  api: Api,
  piece: Piece,
  signal: AbortSignal,
  onNotes: (piece: Piece) => void = () => undefined,
): Promise<void> {
  let lastEventId = '';
  const backoff = new Backoff();
  while (!signal.aborted && !piece.isFinished) {
    const connection = new AbortController();
    const abort = () => connection.abort();
    signal.addEventListener('abort', abort);
    window.addEventListener('offline', abort);
    try {
      const headers: Record<string, string> = lastEventId ? { 'Last-Event-ID': lastEventId } : {};
      const url = `/api/v1/generations/${piece.id}/events`;
      const response = await api.fetch(url, { headers, signal: connection.signal });
      piece.isDisconnected.set(false);
      for await (const event of readEvents(response.body as ReadableStream<Uint8Array>)) {
        apply(piece, event.event, event.data, onNotes);
        lastEventId = event.id;
        backoff.reset();
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = Problem.from(error);
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) throw problem;
    } finally {
      signal.removeEventListener('abort', abort);
      window.removeEventListener('offline', abort);
    }
    if (piece.isFinished || signal.aborted) break;
    piece.isDisconnected.set(true);
    await backoff.wait(signal);
  }
  piece.isDisconnected.set(false);
  piece.live.isComplete = true;
  if (piece.state().midi_url) await loadExactNotes(api, piece);
  piece.isSettled.set(true);
}

function apply(piece: Piece, name: string, json: string, onNotes: (piece: Piece) => void): void {
  const data = JSON.parse(json) as unknown;
  if (name === 'notes') {
    const { notes, steps, length, track_indices: indices, tracks } = data as NotesEvent;
    const instruments = tracks?.map((track) => ({ name: '', program: track.program, isDrum: track.is_drum }));
    piece.add(notes, steps / Math.max(1, length), indices, instruments);
    onNotes(piece);
  } else {
    piece.state.set(data as Generation);
  }
}

/** Replace the streamed notes by those of the MIDI file, whose durations are exact. */
async function loadExactNotes(api: Api, piece: Piece): Promise<void> {
  try {
    const response = await api.fetch(piece.state().midi_url as string);
    piece.midi = await response.arrayBuffer();
    const { readMidi } = await import('../shared/midi/read-midi');
    piece.notes.set(readMidi(piece.midi));
  } catch {
    // The streamed notes are a good approximation.
  }
}
