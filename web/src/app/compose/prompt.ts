import type { Schema } from '../core/api/types';
import { Beginning } from './draft';

/** What the API is told of a beginning. */
export function promptOf(beginning: Beginning): Schema<'PromptRequest'> {
  const bars = beginning.bars === null ? {} : { bars: beginning.bars };
  if (beginning.songId) return { song_id: beginning.songId, ...bars };
  return { midi: base64(beginning.midi ?? new Uint8Array()), ...bars };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
