import { addNotes, changeNotes, moveNotes, resizeNotes } from './model/edits';
import { Note, Score } from './model/score';
import { EditorState } from './editor-state';
import { BARS_HEIGHT, KEYS_WIDTH, RollView, TOP, pitchAt, tickAt, xOf, yOf } from './roll-view';

export interface Marquee {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a drag does. */
type Drag =
  | { kind: 'move' | 'resize'; from: Point; score: Score; note: Note; hasMoved: boolean }
  | { kind: 'draw'; from: Point; score: Score; id: number }
  | { kind: 'marquee'; from: Point; base: ReadonlySet<number> }
  | { kind: 'bars'; first: number }
  | { kind: 'pan'; from: Point; view: RollView; hasMoved: boolean }
  | { kind: 'pinch'; view: RollView };

/** The part of the roll that pointers act on. */
interface Roll {
  view(): RollView;
  show(change: Partial<RollView>): void;
  focus(): void;
  readonly marquee: { set(marquee: Marquee | null): void };
}

/** A movement of fewer pixels is a click. */
const MIN_DRAG = 4;
const EDGE = { mouse: 7, touch: 14 } as const;

/** Editing by mouse, pen and touch. Two fingers scroll and zoom; one finger scrolls on empty space. */
export class RollPointer {
  private drag: Drag | null = null;
  private readonly pointers = new Map<number, Point>();

  constructor(
    private readonly state: EditorState,
    private readonly roll: Roll,
  ) {}

  down(event: PointerEvent): void {
    if (event.button > 0) return;
    const point = pointOf(event);
    // A pointer that a test or an assistive tool simulates cannot be captured.
    if (event.isTrusted) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.roll.focus();
    event.preventDefault();
    this.pointers.set(event.pointerId, point);
    if (this.pointers.size === 2) {
      this.abort();
      this.drag = { kind: 'pinch', view: this.roll.view() };
    } else if (this.pointers.size === 1) this.begin(event, point);
  }

  move(event: PointerEvent): void {
    const previous = this.pointers.get(event.pointerId);
    const point = pointOf(event);
    if (!previous) {
      this.hover(event, point);
      return;
    }
    if (this.drag?.kind === 'pinch') this.pinch(event.pointerId, point);
    this.pointers.set(event.pointerId, point);
    this.continue(point, event.altKey);
  }

  up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    const drag = this.drag;
    if (drag?.kind === 'pinch') {
      if (!this.pointers.size) this.drag = null;
      return;
    }
    this.drag = null;
    this.roll.marquee.set(null);
    if (!drag) return;
    if (drag.kind === 'move' || drag.kind === 'resize') {
      if (drag.hasMoved) this.state.commit(this.state.score());
    } else if (drag.kind === 'draw') this.state.commit(this.state.score(), new Set([drag.id]));
    else if (drag.kind === 'pan' && !drag.hasMoved) this.state.clearSelection();
  }

  cancel(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.abort();
  }

  /** Add a note where there is none. */
  doubleClick(event: MouseEvent): void {
    const point = pointOf(event);
    if (this.state.tool() === 'select' && point.y > TOP && point.x > KEYS_WIDTH && !this.noteAt(point)) {
      const added = this.added(point);
      if (added) this.state.commit(added.score, new Set([added.id]));
    }
  }

  private begin(event: PointerEvent, point: Point): void {
    const { state } = this;
    const view = this.roll.view();
    if (point.x < KEYS_WIDTH) return;
    if (point.y < TOP) {
      const bar = state.bars().at(Math.max(0, tickAt(view, point.x)));
      state.cursor.set(point.y < BARS_HEIGHT ? bar.start : state.snap(tickAt(view, point.x)));
      if (point.y >= BARS_HEIGHT) return;
      this.drag = { kind: 'bars', first: bar.number };
      this.selectBars(bar.number, bar.number);
      return;
    }
    const note = this.noteAt(point);
    if (note) this.beginOnNote(event, point, note);
    else if (state.tool() === 'draw') this.beginDrawing(point);
    else if (event.pointerType === 'touch') this.drag = { kind: 'pan', from: point, view, hasMoved: false };
    else {
      const base = event.shiftKey ? state.selection() : new Set<number>();
      if (!event.shiftKey) state.clearSelection();
      state.cursor.set(state.snap(tickAt(view, point.x)));
      this.drag = { kind: 'marquee', from: point, base };
    }
  }

  private beginOnNote(event: PointerEvent, point: Point, note: Note): void {
    const { state } = this;
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      const next = new Set(state.selection());
      if (!next.delete(note.id)) next.add(note.id);
      state.selection.set(next);
      return;
    }
    if (!state.selection().has(note.id)) state.selection.set(new Set([note.id]));
    state.activeTrack.set(note.track);
    state.cursor.set(note.onset);
    const kind = this.isAtEdge(event, point, note) ? 'resize' : 'move';
    this.drag = { kind, from: point, score: state.present, note, hasMoved: false };
  }

  private beginDrawing(point: Point): void {
    const added = this.added(point);
    if (!added) return;
    this.drag = { kind: 'draw', from: point, score: added.score, id: added.id };
    this.state.preview(added.score);
    this.state.selection.set(new Set([added.id]));
  }

  private added(point: Point): { score: Score; id: number } | null {
    const { state } = this;
    const track = state.activeTrack();
    if (state.lockedTracks().has(track) || state.hiddenTracks().has(track)) return null;
    const view = this.roll.view();
    const onset = state.snap(tickAt(view, point.x));
    const pitch = pitchAt(view, point.y);
    const { score, ids } = addNotes(state.present, [{ onset, duration: state.step(), pitch, velocity: 80, track }]);
    return { score, id: [...ids][0] as number };
  }

  private continue(point: Point, isFree: boolean): void {
    const { drag, state } = this;
    const view = this.roll.view();
    if (!drag || drag.kind === 'pinch') return;
    if (drag.kind === 'bars') {
      const bar = state.bars().at(Math.max(0, tickAt(view, point.x))).number;
      this.selectBars(Math.min(bar, drag.first), Math.max(bar, drag.first));
      return;
    }
    const [dx, dy] = [point.x - drag.from.x, point.y - drag.from.y];
    const isDrag = Math.hypot(dx, dy) >= MIN_DRAG;
    if (drag.kind === 'pan') {
      drag.hasMoved ||= isDrag;
      if (drag.hasMoved) {
        this.roll.show({ tick: drag.view.tick - dx / view.pixelsPerTick, top: drag.view.top + dy / view.rowHeight });
      }
    } else if (drag.kind === 'marquee') {
      if (isDrag) this.selectWithin(drag.from, point, drag.base);
    } else if (drag.kind === 'draw') {
      const end = state.snap(tickAt(view, point.x)) + state.step();
      const change = (note: Note) => ({ duration: Math.max(state.step(), end - note.onset) });
      state.preview(changeNotes(drag.score, new Set([drag.id]), change));
    } else {
      drag.hasMoved ||= isDrag;
      if (drag.hasMoved) state.preview(this.dragged(drag, dx, dy, isFree));
    }
  }

  /** Return the score after a drag of the selection; with Alt, times are not on the grid. */
  private dragged(drag: Extract<Drag, { kind: 'move' | 'resize' }>, dx: number, dy: number, isFree: boolean): Score {
    const { state } = this;
    const view = this.roll.view();
    const { note } = drag;
    const ticks = dx / view.pixelsPerTick;
    if (drag.kind === 'resize') {
      const end = note.onset + note.duration;
      const change = isFree ? ticks : state.snap(end + ticks, true) - end;
      return resizeNotes(drag.score, state.selection(), change, state.step());
    }
    const shift = isFree ? ticks : state.snap(note.onset + ticks, true) - note.onset;
    // A vertical drag does not move notes in time that are off the grid.
    const time = Math.abs(dx) < MIN_DRAG ? 0 : Math.round(shift);
    return moveNotes(drag.score, state.selection(), time, -Math.round(dy / view.rowHeight));
  }

  private selectWithin(from: Point, to: Point, base: ReadonlySet<number>): void {
    const { state } = this;
    const view = this.roll.view();
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.max(TOP, Math.min(from.y, to.y)), Math.max(from.y, to.y)];
    this.roll.marquee.set({ x: left, y: top, width: right - left, height: bottom - top });
    const [first, stop] = state.index().range(tickAt(view, left), tickAt(view, right));
    const [high, low] = [pitchAt(view, top), pitchAt(view, bottom)];
    const inside = state
      .index()
      .notes.slice(first, stop)
      .filter((note) => note.pitch >= low && note.pitch <= high && note.onset + note.duration > tickAt(view, left));
    state.select(inside);
    if (base.size) state.selection.update((ids) => new Set([...base, ...ids]));
  }

  private selectBars(first: number, last: number): void {
    this.state.barRange.set({ first, last });
    this.state.selectBars();
  }

  private pinch(id: number, point: Point): void {
    const [other] = [...this.pointers].filter(([pointer]) => pointer !== id).map(([, place]) => place);
    const previous = this.pointers.get(id);
    if (!other || !previous) return;
    const view = this.roll.view();
    const [before, after] = [Math.abs(previous.x - other.x), Math.abs(point.x - other.x)];
    const factor = before > 24 && after > 24 ? after / before : 1;
    const pixelsPerTick = view.pixelsPerTick * factor;
    const centre = (point.x + other.x) / 2;
    // What was between the fingers stays between them.
    const tick = tickAt(view, (previous.x + other.x) / 2) - (centre - KEYS_WIDTH) / pixelsPerTick;
    this.roll.show({ tick, pixelsPerTick, top: view.top + (point.y - previous.y) / 2 / view.rowHeight });
  }

  private hover(event: PointerEvent, point: Point): void {
    const note = point.y > TOP && point.x > KEYS_WIDTH ? this.noteAt(point) : undefined;
    const cursor = note ? (this.isAtEdge(event, point, note) ? 'resize' : 'move') : this.state.tool();
    const surface = event.currentTarget as HTMLElement;
    surface.style.cursor = { resize: 'ew-resize', move: 'grab', draw: 'crosshair', select: 'default' }[cursor];
  }

  private isAtEdge(event: PointerEvent, point: Point, note: Note): boolean {
    const view = this.roll.view();
    const edge = EDGE[event.pointerType === 'touch' ? 'touch' : 'mouse'];
    const right = xOf(view, note.onset + note.duration);
    return point.x > right - Math.min(edge, (note.duration * view.pixelsPerTick) / 3);
  }

  /** Return the topmost note at a point that can be edited; selected ones first. */
  private noteAt(point: Point): Note | undefined {
    const view = this.roll.view();
    const { state } = this;
    const tick = tickAt(view, point.x);
    const reach = 3 / view.pixelsPerTick;
    const [first, stop] = state.index().range(tick - reach, tick + reach);
    const found = state
      .index()
      .notes.slice(first, stop)
      .filter((note) => {
        const y = yOf(view, note.pitch);
        const isHit = point.y >= y && point.y < y + view.rowHeight;
        return isHit && tick < note.onset + note.duration + reach && state.isEditable(note);
      });
    return found.find((note) => state.selection().has(note.id)) ?? found.at(-1);
  }

  private abort(): void {
    if (this.drag && this.drag.kind !== 'pan' && this.drag.kind !== 'pinch') this.state.cancelPreview();
    this.drag = null;
    this.roll.marquee.set(null);
  }
}

function pointOf(event: MouseEvent): Point {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
