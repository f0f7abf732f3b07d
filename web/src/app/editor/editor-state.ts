import { Injectable, computed, signal } from '@angular/core';
import { Bars, TempoMap, barsOf } from './model/bars';
import {
  Clip,
  Selection,
  addNotes,
  copyNotes,
  moveNotes,
  pasteNotes,
  removeNotes,
  resizeNotes,
  selected,
} from './model/edits';
import { History } from './model/history';
import { NoteIndex } from './model/note-index';
import { Note, Score, endOf } from './model/score';

export type Tool = 'select' | 'draw';
/** The bars that are selected in the ruler, from 1. */
export interface BarRange {
  readonly first: number;
  readonly last: number;
}
export interface Chord {
  readonly tick: number;
  readonly symbol: string | null;
}

/** Parts of a quarter, as choices of the grid. */
export const GRIDS = [1, 1 / 2, 1 / 3, 1 / 4, 1 / 6, 1 / 8] as const;

const EMPTY: Score = { ticksPerQuarter: 480, tracks: [], notes: [], tempos: [], meters: [], keys: [] };
const NOTHING: Selection = new Set();

/** The state of the editor: the score with its history, what is selected, and how it is shown. */
@Injectable()
export class EditorState {
  private readonly history = signal(History.of(EMPTY));
  private readonly draft = signal<Score | null>(null);
  private readonly saved = signal<Score>(EMPTY);
  private readonly clip = signal<Clip | null>(null);

  /** The score as it is shown: during a drag, as it would be after it. */
  readonly score = computed(() => this.draft() ?? this.history().present);
  readonly isChanged = computed(() => this.history().present !== this.saved());
  readonly canUndo = computed(() => this.history().canUndo);
  readonly canRedo = computed(() => this.history().canRedo);
  readonly canPaste = computed(() => this.clip() !== null);
  readonly selection = signal<Selection>(NOTHING);
  readonly selectedNotes = computed(() => selected(this.score(), this.selection()));
  readonly bars = computed(() => barsOf(this.score()));
  readonly index = computed(() => new NoteIndex(this.score().notes));
  readonly tempoMap = computed(() => new TempoMap(this.score()));
  readonly tool = signal<Tool>('select');
  readonly grid = signal<number>(GRIDS[3]);
  readonly step = computed(() => Math.max(1, Math.round(this.score().ticksPerQuarter * this.grid())));
  readonly activeTrack = signal(0);
  readonly hiddenTracks = signal<ReadonlySet<number>>(new Set());
  readonly lockedTracks = signal<ReadonlySet<number>>(new Set());
  readonly barRange = signal<BarRange | null>(null);
  /** Where notes are pasted and added by keyboard. */
  readonly cursor = signal(0);
  readonly chords = signal<readonly Chord[]>([]);
  /** A candidate of a model that is shown instead of the score, until it is accepted. */
  readonly isPreview = signal(false);

  /** Show a score, which is the saved one; forgets history and selection. */
  open(score: Score): void {
    this.history.set(History.of(score));
    this.draft.set(null);
    this.saved.set(score);
    this.selection.set(NOTHING);
    this.activeTrack.set(0);
    this.hiddenTracks.set(new Set());
    this.lockedTracks.set(new Set());
    this.barRange.set(null);
    this.isPreview.set(false);
  }

  /** Take the present score for the saved one. */
  markSaved(score: Score): void {
    this.saved.set(score);
  }

  get present(): Score {
    return this.history().present;
  }

  /** Show what an edit would do, until it is committed or cancelled. */
  preview(score: Score): void {
    this.draft.set(score);
  }

  cancelPreview(): void {
    this.draft.set(null);
    this.isPreview.set(false);
  }

  commit(score: Score, selection?: Selection): void {
    this.draft.set(null);
    this.isPreview.set(false);
    this.history.update((history) => history.push(score));
    if (selection) this.selection.set(selection);
  }

  undo(): void {
    this.travel((history) => history.undo());
  }

  redo(): void {
    this.travel((history) => history.redo());
  }

  /** Whether a note may be selected: its track is neither hidden nor locked. */
  isEditable(note: Note): boolean {
    return !this.hiddenTracks().has(note.track) && !this.lockedTracks().has(note.track);
  }

  select(notes: Iterable<Note>): void {
    this.selection.set(new Set([...notes].filter((note) => this.isEditable(note)).map((note) => note.id)));
  }

  selectAll(): void {
    this.select(this.score().notes);
  }

  /** Select the notes that begin in the selected bars, on all tracks that can be edited. */
  selectBars(): void {
    const range = this.barRange();
    if (!range) return;
    const [from, to] = [this.bars().numbered(range.first).start, this.bars().numbered(range.last + 1).start];
    this.select(this.score().notes.filter((note) => note.onset >= from && note.onset < to));
  }

  clearSelection(): void {
    this.selection.set(NOTHING);
    this.barRange.set(null);
  }

  /** Select the next or previous note in time; with `extend`, in addition to the others. */
  browse(direction: 1 | -1, extend: boolean): void {
    const notes = this.score().notes.filter((note) => this.isEditable(note));
    if (!notes.length) return;
    const own = notes.map((note, index) => (this.selection().has(note.id) ? index : -1)).filter((index) => index >= 0);
    const from = direction > 0 ? own.at(-1) : own[0];
    const start = direction > 0 ? notes.findIndex((note) => note.onset >= this.cursor()) : notes.length - 1;
    const next = from === undefined ? Math.max(0, start) : from + direction;
    const note = notes[Math.min(notes.length - 1, Math.max(0, next))] as Note;
    this.selection.set(new Set([...(extend ? this.selection() : []), note.id]));
    this.activeTrack.set(note.track);
    this.cursor.set(note.onset);
  }

  move(ticks: number, semitones: number): void {
    this.commit(moveNotes(this.present, this.selection(), ticks, semitones));
  }

  resize(ticks: number): void {
    this.commit(resizeNotes(this.present, this.selection(), ticks, this.step()));
  }

  delete(): void {
    this.commit(removeNotes(this.present, this.selection()), NOTHING);
  }

  /** Add a note of one grid step at the cursor, at the pitch of the selection or in the middle of the keyboard. */
  addAtCursor(): void {
    if (this.lockedTracks().has(this.activeTrack())) return;
    const pitch = this.selectedNotes().at(-1)?.pitch ?? 60;
    const onset = this.selectedNotes().length ? endOf({ ...this.present, notes: this.selectedNotes() }) : this.cursor();
    const note = { onset, duration: this.step(), pitch, velocity: 80, track: this.activeTrack() };
    const { score, ids } = addNotes(this.present, [note]);
    this.cursor.set(onset);
    this.commit(score, ids);
  }

  copy(): void {
    if (this.selection().size) this.clip.set(copyNotes(this.present, this.selection()));
  }

  cut(): void {
    this.copy();
    this.delete();
  }

  paste(): void {
    const clip = this.clip();
    if (!clip) return;
    const { score, ids } = pasteNotes(this.present, clip, this.cursor());
    this.commit(score, ids);
    this.cursor.set(endOf({ ...score, notes: selected(score, ids) }));
  }

  /** Repeat the selection after itself, from the next bar line or, if it is shorter than a bar, from its end. */
  duplicate(): void {
    const notes = this.selectedNotes();
    const first = notes[0];
    if (!first) return;
    const bars = this.bars();
    const end = endOf({ ...this.present, notes });
    const bar = bars.at(first.onset);
    const isShort = end - first.onset < bar.length;
    const shift = isShort ? end - first.onset : bars.at(end - 1).start + bars.at(end - 1).length - bar.start;
    const { score, ids } = pasteNotes(this.present, copyNotes(this.present, this.selection()), first.onset + shift);
    this.commit(score, ids);
  }

  toggleHidden(track: number): void {
    this.hiddenTracks.update((tracks) => toggled(tracks, track));
    this.select(this.selectedNotes());
  }

  toggleLocked(track: number): void {
    this.lockedTracks.update((tracks) => toggled(tracks, track));
    this.select(this.selectedNotes());
  }

  /** Return the tick on the grid of its bar that is at or before a tick. */
  snap(tick: number, nearest = false): number {
    const { start } = (this.bars() as Bars).at(Math.max(0, tick));
    const steps = (tick - start) / this.step();
    return Math.max(0, start + (nearest ? Math.round(steps) : Math.floor(steps)) * this.step());
  }

  private travel(step: (history: History<Score>) => History<Score>): void {
    this.draft.set(null);
    this.isPreview.set(false);
    this.history.update(step);
    this.activeTrack.update((track) => Math.min(track, Math.max(0, this.present.tracks.length - 1)));
    this.select(this.selectedNotes());
  }
}

function toggled(tracks: ReadonlySet<number>, track: number): ReadonlySet<number> {
  const next = new Set(tracks);
  if (!next.delete(track)) next.add(track);
  return next;
}
