/** The visible part of the roll, and the mapping between music and pixels. */
export interface RollView {
  /** The tick at the left edge of the notes. */
  readonly tick: number;
  readonly pixelsPerTick: number;
  /** The pitch at the top edge, as a fraction. */
  readonly top: number;
  readonly rowHeight: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const KEYS_WIDTH = 40;
export const BARS_HEIGHT = 24;
export const CHORDS_HEIGHT = 22;
export const TOP = BARS_HEIGHT + CHORDS_HEIGHT;
const ROW_HEIGHTS = [5, 28] as const;

export function xOf(view: RollView, tick: number): number {
  return KEYS_WIDTH + (tick - view.tick) * view.pixelsPerTick;
}

export function yOf(view: RollView, pitch: number): number {
  return TOP + (view.top - pitch) * view.rowHeight;
}

export function tickAt(view: RollView, x: number): number {
  return view.tick + (x - KEYS_WIDTH) / view.pixelsPerTick;
}

export function pitchAt(view: RollView, y: number): number {
  return Math.min(127, Math.max(0, Math.ceil(view.top - (y - TOP) / view.rowHeight)));
}

/** Return the view kept within the music: `end` is its last tick. */
export function limited(view: RollView, size: Size, end: number): RollView {
  const rowHeight = Math.min(ROW_HEIGHTS[1], Math.max(ROW_HEIGHTS[0], view.rowHeight));
  const widest = Math.max(1, size.width - KEYS_WIDTH);
  const pixelsPerTick = Math.min(2, Math.max(Math.min(0.5, widest / (end * 1.1)), view.pixelsPerTick));
  const rows = (size.height - TOP) / rowHeight;
  const top = rows >= 128 ? 127 : Math.min(127, Math.max(rows - 1, view.top));
  const last = Math.max(0, end - (widest * 0.5) / pixelsPerTick);
  return { tick: Math.min(last, Math.max(0, view.tick)), pixelsPerTick, top, rowHeight };
}

/** Return the view zoomed in time by a factor around a point. */
export function zoomed(view: RollView, factor: number, x: number): RollView {
  const tick = tickAt(view, x);
  const pixelsPerTick = view.pixelsPerTick * factor;
  return { ...view, pixelsPerTick, tick: tick - (x - KEYS_WIDTH) / pixelsPerTick };
}

/** Return the view zoomed in pitch by a factor around a point. */
export function zoomedRows(view: RollView, factor: number, y: number): RollView {
  const rowHeight = Math.min(ROW_HEIGHTS[1], Math.max(ROW_HEIGHTS[0], view.rowHeight * factor));
  return { ...view, rowHeight, top: view.top - (y - TOP) / view.rowHeight + (y - TOP) / rowHeight };
}
