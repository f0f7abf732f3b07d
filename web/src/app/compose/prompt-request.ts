import type { Schema } from '../core/api/types';
import { Prompt } from './draft';

/** Return the prompt as the API expects it. */
export function promptRequest(prompt: Prompt): Schema<'PromptRequest'> {
  const bars = prompt.bars === null ? {} : { bars: prompt.bars };
  if (prompt.songId) return { song_id: prompt.songId, ...bars };
  return { midi: base64(prompt.midi ?? new Uint8Array()), ...bars };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
