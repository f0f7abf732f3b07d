import { Bars } from './model/bars';
import { Selection } from './model/edits';
import { NoteIndex } from './model/note-index';
import { Note } from './model/score';
import { BarRange, Chord } from './editor-state';
import { BARS_HEIGHT, KEYS_WIDTH, RollView, Size, TOP, tickAt, xOf, yOf } from './roll-view';

export interface RollPalette {
  readonly background: string;
  readonly black: string;
  readonly line: string;
  readonly strongLine: string;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly playhead: string;
  /** Per colour of tracks: notes from soft to loud. */
  readonly tracks: readonly (readonly string[])[];
}

export interface RollContent {
  readonly index: NoteIndex;
  readonly bars: Bars;
  readonly chords: readonly Chord[];
  readonly selection: Selection;
  readonly hidden: ReadonlySet<number>;
  readonly locked: ReadonlySet<number>;
  readonly range: BarRange | null;
  readonly cursor: number;
}

const BLACK = new Set([1, 3, 6, 8, 10]);
const FONT = '500 11px "Instrument Sans", sans-serif';
const CHORD_FONT = '600 12px "Instrument Sans", sans-serif';
const SHADES = 3;

/** Paint the grid, the notes that are visible, the ruler and the keys. */
export function paintRoll(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  content: RollContent,
  palette: RollPalette,
): void {
  context.fillStyle = palette.background;
  context.fillRect(0, 0, size.width, size.height);
  paintRows(context, size, view, palette);
  paintBars(context, size, view, content, palette);
  paintNotes(context, size, view, content, palette);
  paintRuler(context, size, view, content, palette);
  paintKeys(context, size, view, palette);
}

function paintRows(context: CanvasRenderingContext2D, size: Size, view: RollView, palette: RollPalette): void {
  const lowest = Math.max(0, Math.floor(view.top - (size.height - TOP) / view.rowHeight));
  context.fillStyle = palette.black;
  for (let pitch = lowest; pitch <= view.top + 1 && pitch < 128; pitch++) {
    if (BLACK.has(pitch % 12)) context.fillRect(KEYS_WIDTH, yOf(view, pitch), size.width, view.rowHeight);
  }
  context.fillStyle = palette.line;
  for (let pitch = Math.ceil(lowest / 12) * 12; pitch <= view.top + 1; pitch += 12) {
    context.fillRect(KEYS_WIDTH, Math.round(yOf(view, pitch) + view.rowHeight), size.width, 1);
  }
}

function paintBars(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  { bars, range }: RollContent,
  palette: RollPalette,
): void {
  if (range) {
    const [from, to] = [xOf(view, bars.numbered(range.first).start), xOf(view, bars.numbered(range.last + 1).start)];
    context.globalAlpha = 0.5;
    context.fillStyle = palette.accentSoft;
    context.fillRect(from, TOP, to - from, size.height);
    context.globalAlpha = 1;
  }
  const every = barStep(view, bars);
  for (const bar of bars.between(view.tick, tickAt(view, size.width))) {
    if ((bar.number - 1) % every) continue;
    context.fillStyle = palette.strongLine;
    context.fillRect(Math.round(xOf(view, bar.start)), TOP, 1, size.height);
    if (bar.beat * view.pixelsPerTick < 12) continue;
    context.fillStyle = palette.line;
    for (let tick = bar.start + bar.beat; tick < bar.start + bar.length - 1; tick += bar.beat) {
      context.fillRect(Math.round(xOf(view, tick)), TOP, 1, size.height);
    }
  }
}

/** Return how many bars there are between two lines, so that their numbers do not overlap. */
function barStep(view: RollView, bars: Bars): number {
  const width = bars.numbered(1).length * view.pixelsPerTick;
  return [1, 2, 4, 8, 16, 32, 64].find((step) => step * width >= 34) ?? 128;
}

/** Paint notes in passes of one colour, because changing the fill style is the expensive operation. */
function paintNotes(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  content: RollContent,
  palette: RollPalette,
): void {
  const { index, selection, hidden, locked } = content;
  const [first, stop] = index.range(view.tick, tickAt(view, size.width));
  const passes = new Map<string, Note[]>();
  const chosen: Note[] = [];
  const [low, high] = [view.top - (size.height - TOP) / view.rowHeight, view.top + 1];
  for (let place = first; place < stop; place++) {
    const note = index.notes[place] as Note;
    if (note.pitch < low || note.pitch > high || hidden.has(note.track)) continue;
    if (note.onset + note.duration < view.tick) continue;
    if (selection.has(note.id)) {
      chosen.push(note);
      continue;
    }
    const shades = palette.tracks[note.track % palette.tracks.length] as readonly string[];
    const colour = shades[locked.has(note.track) ? 0 : Math.min(SHADES - 1, (note.velocity * SHADES) >> 7)] as string;
    const pass = passes.get(colour);
    if (pass) pass.push(note);
    else passes.set(colour, [note]);
  }
  const height = Math.max(2, view.rowHeight - (view.rowHeight > 6 ? 1 : 0));
  for (const [colour, notes] of passes) {
    context.fillStyle = colour;
    for (const note of notes) paintNote(context, view, note, height);
  }
  for (const note of chosen) {
    context.fillStyle = (palette.tracks[note.track % palette.tracks.length] as readonly string[])[SHADES - 1] as string;
    paintNote(context, view, note, height);
    context.strokeStyle = palette.text;
    context.lineWidth = 2;
    const width = Math.max(4, note.duration * view.pixelsPerTick - 1);
    context.strokeRect(Math.round(xOf(view, note.onset)), Math.round(yOf(view, note.pitch)), width, height);
  }
}

function paintNote(context: CanvasRenderingContext2D, view: RollView, note: Note, height: number): void {
  const left = Math.round(xOf(view, note.onset));
  const x = Math.max(KEYS_WIDTH, left);
  const width = Math.max(2, left + note.duration * view.pixelsPerTick - 1 - x);
  context.fillRect(x, Math.round(yOf(view, note.pitch)), width, height);
}

function paintRuler(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  { bars, chords, range, cursor }: RollContent,
  palette: RollPalette,
): void {
  context.fillStyle = palette.background;
  context.fillRect(0, 0, size.width, TOP);
  if (range) {
    const [from, to] = [xOf(view, bars.numbered(range.first).start), xOf(view, bars.numbered(range.last + 1).start)];
    context.fillStyle = palette.accentSoft;
    context.fillRect(from, 0, to - from, BARS_HEIGHT);
  }
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const every = barStep(view, bars);
  let meter = '';
  const visible = bars.between(view.tick, tickAt(view, size.width));
  for (const bar of visible) {
    const name = `${bar.meter.beats}/${bar.meter.unit}`;
    const isChange = bar.start === bar.meter.tick && name !== meter;
    meter = name;
    if ((bar.number - 1) % every && !isChange) continue;
    const x = Math.round(xOf(view, bar.start));
    context.fillStyle = palette.strongLine;
    context.fillRect(x, 0, 1, TOP);
    context.font = FONT;
    context.fillStyle = palette.text;
    const text = isChange && bar.length * view.pixelsPerTick > 56 ? `${bar.number}  ${name}` : String(bar.number);
    context.fillText(text, x + 5, BARS_HEIGHT / 2 + 1);
    if (bar.beat * view.pixelsPerTick < 12) continue;
    context.fillStyle = palette.line;
    for (let tick = bar.start + bar.beat; tick < bar.start + bar.length - 1; tick += bar.beat) {
      context.fillRect(Math.round(xOf(view, tick)), BARS_HEIGHT - 7, 1, 7);
    }
  }
  paintChords(context, size, view, chords, palette);
  context.fillStyle = palette.accent;
  const x = xOf(view, cursor);
  if (x >= KEYS_WIDTH) context.fillRect(Math.round(x) - 1, 0, 3, BARS_HEIGHT);
  context.fillStyle = palette.strongLine;
  context.fillRect(0, BARS_HEIGHT, size.width, 1);
  context.fillRect(0, TOP - 1, size.width, 1);
}

function paintChords(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  chords: readonly Chord[],
  palette: RollPalette,
): void {
  context.font = CHORD_FONT;
  context.fillStyle = palette.accent;
  let free = KEYS_WIDTH;
  let previous: string | null = null;
  for (const { tick, symbol } of chords) {
    const x = xOf(view, tick);
    if (x > size.width) break;
    // A chord that did not change is not written again, unless the reader could no longer see it.
    const isRepeated = symbol === previous && x > KEYS_WIDTH + 40;
    previous = symbol;
    if (symbol === null || isRepeated || x < KEYS_WIDTH || x < free) continue;
    const text = symbol.replace('#', '♯').replace(/^([A-G])b/, '$1♭');
    context.fillText(text, x + 5, BARS_HEIGHT + (TOP - BARS_HEIGHT) / 2);
    free = x + 12 + context.measureText(text).width;
  }
}

function paintKeys(context: CanvasRenderingContext2D, size: Size, view: RollView, palette: RollPalette): void {
  context.fillStyle = palette.background;
  context.fillRect(0, 0, KEYS_WIDTH, size.height);
  context.font = FONT;
  context.textAlign = 'right';
  context.fillStyle = palette.muted;
  const lowest = Math.max(0, Math.floor(view.top - (size.height - TOP) / view.rowHeight));
  for (let pitch = Math.ceil(lowest / 12) * 12; pitch <= view.top; pitch += 12) {
    const y = yOf(view, pitch) + view.rowHeight / 2;
    if (y > TOP + 6) context.fillText(`C${pitch / 12 - 1}`, KEYS_WIDTH - 6, Math.min(y, size.height - 7));
  }
  context.fillStyle = palette.strongLine;
  context.fillRect(KEYS_WIDTH - 1, 0, 1, size.height);
}

/** Paint the playhead and the rectangle that selects notes, on the upper canvas. */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  size: Size,
  view: RollView,
  playTick: number | null,
  marquee: { x: number; y: number; width: number; height: number } | null,
  palette: RollPalette,
): void {
  context.clearRect(0, 0, size.width, size.height);
  if (marquee) {
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.strokeRect(marquee.x, marquee.y, marquee.width, marquee.height);
    context.setLineDash([]);
  }
  if (playTick === null) return;
  const x = xOf(view, playTick);
  context.fillStyle = palette.playhead;
  if (x >= KEYS_WIDTH) context.fillRect(Math.round(x), 0, 2, size.height);
}
