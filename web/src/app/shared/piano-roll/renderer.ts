import { RollNote } from '../midi/notes';

/** The visible part of the music: seconds from 0, and a range of MIDI pitches. */
export interface Viewport {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
}

export interface Palette {
  readonly background: string;
  readonly black: string;
  readonly line: string;
  readonly text: string;
  readonly shades: readonly string[];
  readonly sounding: string;
}

const BLACK = new Set([1, 3, 6, 8, 10]);
/** Margins for the key names and the ruler, in pixels; a roll of less than SMALL_HEIGHT has neither. */
const KEYS_WIDTH = 34;
const RULER_HEIGHT = 20;
const SMALL_HEIGHT = 140;

interface Size {
  readonly width: number;
  readonly height: number;
}

function margins(size: Size) {
  return size.height < SMALL_HEIGHT ? { left: 6, bottom: 0 } : { left: KEYS_WIDTH, bottom: RULER_HEIGHT };
}

/** Return the viewport that shows all notes with a margin, and at least two octaves. */
export function viewportOf(notes: readonly RollNote[], seconds: number): Viewport {
  let [low, high] = [127, 0];
  for (const note of notes) {
    if (note[2] < low) low = note[2];
    if (note[2] > high) high = note[2];
  }
  if (low > high) [low, high] = [48, 72];
  const missing = Math.max(0, 24 - (high - low));
  low = Math.max(0, low - 2 - Math.floor(missing / 2));
  high = Math.min(127, high + 2 + Math.ceil(missing / 2));
  return { seconds: Math.max(seconds, 1), low, high };
}

/** Move a viewport one step towards another; returns the same object when it has arrived. */
export function moveTowards(current: Viewport, target: Viewport, fraction: number): Viewport {
  const approach = (a: number, b: number, epsilon: number) => (Math.abs(a - b) < epsilon ? b : a + (b - a) * fraction);
  const next = {
    seconds: approach(current.seconds, target.seconds, 0.02),
    low: approach(current.low, target.low, 0.02),
    high: approach(current.high, target.high, 0.02),
  };
  return next.seconds === current.seconds && next.low === current.low && next.high === current.high ? current : next;
}

/** Paint keys, grid and notes. One pass per shade, because changing the fill style is the expensive operation. */
export function paintRoll(
  context: CanvasRenderingContext2D,
  size: Size,
  viewport: Viewport,
  notes: readonly RollNote[],
  palette: Palette,
): void {
  const { width, height } = size;
  context.fillStyle = palette.background;
  context.fillRect(0, 0, width, height);
  paintGrid(context, size, viewport, palette);
  const scale = createScale(size, viewport);
  const count = palette.shades.length;
  for (let shade = 0; shade < count; shade++) {
    context.fillStyle = palette.shades[shade] as string;
    for (const note of notes) {
      if (Math.min(count - 1, (note[3] * count) >> 7) !== shade) continue;
      const x = scale.x(note[0]);
      context.fillRect(x, scale.y(note[2]), Math.max(2, note[1] * scale.pixelsPerSecond - 1), scale.row);
    }
  }
}

/** Paint the notes that sound at a time, and the playhead, on the upper canvas. */
export function paintSounding(
  context: CanvasRenderingContext2D,
  size: Size,
  viewport: Viewport,
  notes: readonly RollNote[],
  at: number,
  palette: Palette,
): void {
  context.clearRect(0, 0, size.width, size.height);
  const scale = createScale(size, viewport);
  context.fillStyle = palette.sounding;
  for (const note of notes) {
    if (note[0] > at) break;
    if (note[0] + note[1] < at) continue;
    const length = Math.max(2, note[1] * scale.pixelsPerSecond - 1);
    context.fillRect(scale.x(note[0]), scale.y(note[2]) - 1, length, scale.row + 2);
  }
  context.fillRect(scale.x(at), 0, 2, size.height - margins(size).bottom);
}

/** Return the mapping between seconds, pitches and pixels. */
export function createScale(size: Size, viewport: Viewport) {
  const { left, bottom } = margins(size);
  const pixelsPerSecond = (size.width - left - 8) / viewport.seconds;
  const rows = viewport.high - viewport.low + 1;
  const pitchHeight = (size.height - bottom) / rows;
  return {
    pixelsPerSecond,
    pitchHeight,
    row: Math.max(2, pitchHeight - (pitchHeight > 5 ? 1 : 0)),
    x: (seconds: number) => left + seconds * pixelsPerSecond,
    y: (pitch: number) => (viewport.high - pitch) * pitchHeight,
    seconds: (x: number) => (x - left) / pixelsPerSecond,
  };
}

function paintGrid(context: CanvasRenderingContext2D, size: Size, viewport: Viewport, palette: Palette): void {
  const scale = createScale(size, viewport);
  const { left, bottom: ruler } = margins(size);
  const bottom = size.height - ruler;
  context.fillStyle = palette.black;
  for (let pitch = Math.floor(viewport.low); pitch <= viewport.high; pitch++) {
    if (BLACK.has(pitch % 12)) context.fillRect(ruler && left, scale.y(pitch), size.width, scale.pitchHeight);
  }
  if (!ruler) return;
  context.font = '500 11px "Instrument Sans", sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (let pitch = Math.ceil(viewport.low / 12) * 12; pitch <= viewport.high; pitch += 12) {
    const y = scale.y(pitch) + scale.pitchHeight;
    context.fillStyle = palette.line;
    context.fillRect(KEYS_WIDTH, Math.round(y), size.width, 1);
    context.fillStyle = palette.text;
    // A name at the edge moves inwards so that it is not clipped.
    const middle = Math.max(7, Math.min(bottom - 6, y - scale.pitchHeight / 2));
    context.fillText(`C${pitch / 12 - 1}`, KEYS_WIDTH - 7, middle);
  }
  context.textAlign = 'center';
  const step = gridStepSeconds(viewport.seconds, size.width);
  for (let second = 0; second < viewport.seconds; second += step) {
    const x = Math.round(scale.x(second));
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, bottom);
    context.fillStyle = palette.text;
    const label = `${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`;
    if (x + 16 < size.width) context.fillText(label, Math.max(x, KEYS_WIDTH), bottom + RULER_HEIGHT / 2 + 1);
  }
  context.fillStyle = palette.line;
  context.fillRect(KEYS_WIDTH, bottom, size.width, 1);
}

/** Return the seconds between two grid lines, so that labels are about 70 pixels apart. */
function gridStepSeconds(seconds: number, width: number): number {
  const target = (seconds * 70) / Math.max(1, width - KEYS_WIDTH);
  return [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((step) => step >= target) ?? 1200;
}
