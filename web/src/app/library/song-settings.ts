import { Format } from '../core/text/format';
import { LanguageCode } from '../core/text/language';
import { manifestLabel } from '../core/text/manifest-labels';
import { Song } from '../shared/songs/song-list';

type Row = readonly [label: string, value: string];

/** The prompt that a piece continues or accompanies, as it is stored with its song. */
export interface StoredPrompt {
  readonly bars: number;
  readonly song_id?: string | null;
}

/** Where a row's words come from: `eventCount` is the label of a length that is counted in events. */
export interface SettingsTexts {
  readonly language: LanguageCode;
  readonly format: Pick<Format, 'number'>;
  readonly eventCount: string;
}

/** The value of a setting that was left to the model. */
const OPEN = 'any';
/** Labels of parameters whose name is not their label in the form. */
const LABELS: Readonly<Record<string, string>> = { parts: 'instruments' };
const UNITS: Readonly<Record<string, string>> = { tempo: 'bpm' };

/** The prompt of a song; null for a song without one. */
export function storedPrompt(song: Song): StoredPrompt | null {
  const prompt = song.parameters['prompt'];
  return prompt && typeof prompt === 'object' ? (prompt as StoredPrompt) : null;
}

/** Whether a song accompanies its prompt instead of continuing it. */
export function isAccompaniment(song: Song): boolean {
  return modelParameters(song)['accompaniment'] === 'only';
}

/** The model's parameters with which a song was composed, as labels and values. */
export function parameterRows(song: Song, texts: SettingsTexts): Row[] {
  const parameters = modelParameters(song);
  const chosen = Object.entries(parameters).filter(([, value]) => value !== OPEN);
  const rows = chosen.map(([name, value]): Row => [
    manifestLabel(LABELS[name] ?? name, texts.language),
    valueText(name, value, texts),
  ]);
  // Where bars determine the length, the number of events says nothing to users.
  const length = song.parameters['length'];
  const hasEvents = !('bars' in parameters) && typeof length === 'number';
  return hasEvents ? [[texts.eventCount, texts.format.number(length)], ...rows] : rows;
}

function modelParameters(song: Song): Readonly<Record<string, unknown>> {
  const nested = song.parameters['parameters'];
  return nested && typeof nested === 'object' ? (nested as Record<string, unknown>) : {};
}

function valueText(name: string, value: unknown, texts: SettingsTexts): string {
  if (typeof value !== 'number') {
    const choices = String(value).split(',');
    return choices.map((choice) => manifestLabel(choice.trim(), texts.language)).join(', ');
  }
  const unit = UNITS[name];
  const number = texts.format.number(value, 2);
  return unit ? `${number} ${unit}` : number;
}
