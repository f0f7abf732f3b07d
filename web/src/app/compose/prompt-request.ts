import type { Schema } from '../core/api/types';
import { Prompt } from './draft';

/** Return the prompt as the API expects it. */
export function promptRequest(prompt: Prompt): Schema<'PromptRequest'> {
  const settings = { ...(prompt.bars === null ? {} : { bars: prompt.bars }), ...changeRequest(prompt) };
  if (prompt.songId) return { song_id: prompt.songId, ...settings };
  return { midi: base64(prompt.midi ?? new Uint8Array()), ...settings };
}

/** Return what is done with the prompt, unless it is continued. */
function changeRequest({
  use,
  firstBar = 1,
  lastBar = firstBar,
  tracks = [],
}: Prompt): Partial<Schema<'PromptRequest'>> {
  if (use === undefined || use === 'continue') return {};
  if (use === 'accompany') return { use };
  return { use, first_bar: firstBar, last_bar: lastBar, ...(tracks.length ? { tracks: [...tracks] } : {}) };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
