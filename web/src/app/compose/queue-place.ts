import { Api } from '../core/api/api';
import { Piece } from './piece';

/** Most pieces begin at once: whose does has no place to be told. */
const FIRST_PAUSE_MS = 150;
const PAUSE_MS = 2_000;

/** Keeps a piece's place in the queue up to date while it waits; the events that are followed do not tell it. */
export async function followPlace(api: Api, piece: Piece, until: AbortSignal): Promise<void> {
  const waits = () => !until.aborted && piece.state().status === 'queued';
  const path = { generation_id: piece.id };
  await pause(FIRST_PAUSE_MS);
  while (waits()) {
    try {
      const { queue } = await api.get('/api/v1/generations/{generation_id}', { path });
      if (queue && waits()) piece.state.update((state) => ({ ...state, queue }));
    } catch {
      // Without a place it waits all the same, and whoever follows the events is told what is wrong.
    }
    await pause(PAUSE_MS);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
