import { changeNotes, quantiseNotes } from './model/edits';
import { EditorState } from './editor-state';

/** The part of the roll that keys act on. */
interface Roll {
  zoom(factor: number): void;
}

/** Run the command of a key. Returns whether there was one. */
export function handleKey(event: KeyboardEvent, state: EditorState, roll: Roll): boolean {
  const command = event.ctrlKey || event.metaKey ? shortcut(event, state, roll) : plain(event, state);
  command?.();
  return command !== undefined;
}

function shortcut(event: KeyboardEvent, state: EditorState, roll: Roll): (() => void) | undefined {
  const commands: Record<string, () => void> = {
    a: () => state.selectAll(),
    c: () => state.copy(),
    x: () => state.cut(),
    v: () => state.paste(),
    d: () => state.duplicate(),
    y: () => state.redo(),
    z: () => (event.shiftKey ? state.redo() : state.undo()),
    '+': () => roll.zoom(1.25),
    '=': () => roll.zoom(1.25),
    '-': () => roll.zoom(0.8),
  };
  return commands[event.key.toLowerCase()];
}

function plain(event: KeyboardEvent, state: EditorState): (() => void) | undefined {
  const { altKey, shiftKey } = event;
  const step = state.step();
  const louder = (by: number) =>
    state.commit(changeNotes(state.present, state.selection(), ({ velocity }) => ({ velocity: velocity + by })));
  const sideways = (direction: 1 | -1) => () => {
    if (altKey && shiftKey) state.resize(direction * step);
    else if (altKey) state.move(direction * step, 0);
    else state.browse(direction, shiftKey);
  };
  const commands: Record<string, () => void> = {
    ArrowLeft: sideways(-1),
    ArrowRight: sideways(1),
    ArrowUp: () => state.move(0, shiftKey ? 12 : 1),
    ArrowDown: () => state.move(0, shiftKey ? -12 : -1),
    Delete: () => state.delete(),
    Backspace: () => state.delete(),
    Enter: () => state.addAtCursor(),
    Escape: () => state.clearSelection(),
    '+': () => louder(5),
    '-': () => louder(-5),
    q: () => state.commit(quantiseNotes(state.present, state.selection(), step)),
    v: () => state.tool.set('select'),
    b: () => state.tool.set('draw'),
  };
  return commands[event.key];
}
