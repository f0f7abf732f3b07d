import { RollNote } from '../midi/notes';

/** What part of the music is seen: seconds from 0, and pitches. */
export interface Frame {
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
/** Room for the names of keys and for the ruler; a small roll is notes alone. */
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

/** The frame that holds all notes, with some air, and never less than two octaves. */
export function frameOf(notes: readonly RollNote[], seconds: number): Frame {
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

/** The frame a step nearer to where it should be; the same object when it is there. */
export function approach(now: Frame, wanted: Frame, share: number): Frame {
  const near = (a: number, b: number, epsilon: number) => (Math.abs(a - b) < epsilon ? b : a + (b - a) * share);
  const next = {
    seconds: near(now.seconds, wanted.seconds, 0.02),
    low: near(now.low, wanted.low, 0.02),
    high: near(now.high, wanted.high, 0.02),
  };
  return next.seconds === now.seconds && next.low === now.low && next.high === now.high ? now : next;
}

/** Paints keys, lines and notes. One pass for each shade: changing colours is what costs. */
export function paintRoll(
  context: CanvasRenderingContext2D,
  size: Size,
  frame: Frame,
  notes: readonly RollNote[],
  palette: Palette,
): void {
  const { width, height } = size;
  context.fillStyle = palette.background;
  context.fillRect(0, 0, width, height);
  paintGrid(context, size, frame, palette);
  const place = placement(size, frame);
  const count = palette.shades.length;
  for (let shade = 0; shade < count; shade++) {
    context.fillStyle = palette.shades[shade] as string;
    for (const note of notes) {
      if (Math.min(count - 1, (note[3] * count) >> 7) !== shade) continue;
      const x = place.x(note[0]);
      context.fillRect(x, place.y(note[2]), Math.max(2, note[1] * place.perSecond - 1), place.row);
    }
  }
}

/** Paints the notes that sound at a moment, alone on a layer above. */
export function paintSounding(
  context: CanvasRenderingContext2D,
  size: Size,
  frame: Frame,
  notes: readonly RollNote[],
  at: number,
  palette: Palette,
): void {
  context.clearRect(0, 0, size.width, size.height);
  const place = placement(size, frame);
  context.fillStyle = palette.sounding;
  for (const note of notes) {
    if (note[0] > at) break;
    if (note[0] + note[1] < at) continue;
    const length = Math.max(2, note[1] * place.perSecond - 1);
    context.fillRect(place.x(note[0]), place.y(note[2]) - 1, length, place.row + 2);
  }
  context.fillRect(place.x(at), 0, 2, size.height - margins(size).bottom);
}

/** Where seconds and pitches lie. */
export function placement(size: Size, frame: Frame) {
  const { left, bottom } = margins(size);
  const perSecond = (size.width - left - 8) / frame.seconds;
  const rows = frame.high - frame.low + 1;
  const pitchHeight = (size.height - bottom) / rows;
  return {
    perSecond,
    pitchHeight,
    row: Math.max(2, pitchHeight - (pitchHeight > 5 ? 1 : 0)),
    x: (seconds: number) => left + seconds * perSecond,
    y: (pitch: number) => (frame.high - pitch) * pitchHeight,
    seconds: (x: number) => (x - left) / perSecond,
  };
}

function paintGrid(context: CanvasRenderingContext2D, size: Size, frame: Frame, palette: Palette): void {
  const place = placement(size, frame);
  const { left, bottom: ruler } = margins(size);
  const bottom = size.height - ruler;
  context.fillStyle = palette.black;
  for (let pitch = Math.floor(frame.low); pitch <= frame.high; pitch++) {
    if (BLACK.has(pitch % 12)) context.fillRect(ruler && left, place.y(pitch), size.width, place.pitchHeight);
  }
  if (!ruler) return;
  context.font = '500 11px "Instrument Sans", sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (let pitch = Math.ceil(frame.low / 12) * 12; pitch <= frame.high; pitch += 12) {
    const y = place.y(pitch) + place.pitchHeight;
    context.fillStyle = palette.line;
    context.fillRect(KEYS_WIDTH, Math.round(y), size.width, 1);
    context.fillStyle = palette.text;
    // At the edges the name moves inwards, so that none is cut.
    const middle = Math.max(7, Math.min(bottom - 6, y - place.pitchHeight / 2));
    context.fillText(`C${pitch / 12 - 1}`, KEYS_WIDTH - 7, middle);
  }
  context.textAlign = 'center';
  const step = stepOf(frame.seconds, size.width);
  for (let second = 0; second < frame.seconds; second += step) {
    const x = Math.round(place.x(second));
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, bottom);
    context.fillStyle = palette.text;
    const label = `${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`;
    if (x + 16 < size.width) context.fillText(label, Math.max(x, KEYS_WIDTH), bottom + RULER_HEIGHT / 2 + 1);
  }
  context.fillStyle = palette.line;
  context.fillRect(KEYS_WIDTH, bottom, size.width, 1);
}

/** Seconds between two lines, so that labels stand some 70 pixels apart. */
function stepOf(seconds: number, width: number): number {
  const wanted = (seconds * 70) / Math.max(1, width - KEYS_WIDTH);
  return [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((step) => step >= wanted) ?? 1200;
}
