import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { changeNotes, humaniseNotes, quantiseNotes, transposeNotes } from './model/edits';
import { pitchName } from './model/keys';
import { Note, Score } from './model/score';
import { SelectionText } from './selection-text';
import { trackLabel } from './track-label';

/** What can be done with the selected notes: their values, and commands. */
@Component({
  selector: 'e-selection-panel',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './selection-panel.html',
  styleUrl: './editor-panel.scss',
})
export class SelectionPanel {
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  private readonly language = inject(Language);
  protected readonly description = new SelectionText(this.state);
  protected readonly strength = signal(100);
  protected readonly amount = signal(40);
  protected readonly isEmpty = computed(() => !this.state.selection().size);
  protected readonly first = computed(() => this.state.selectedNotes()[0]);
  protected readonly position = computed(() => {
    const note = this.first();
    return note ? this.state.bars().position(note.onset) : { bar: 1, beat: 1 };
  });
  protected readonly quarters = computed(() => {
    const duration = this.common((note) => note.duration);
    return duration === null ? '' : round(duration / this.state.score().ticksPerQuarter);
  });

  /** Return a value that all selected notes have; null if they differ or there are none. */
  protected common(value: (note: Note) => number): number | null {
    const [first, ...others] = this.state.selectedNotes().map(value);
    return first !== undefined && others.every((other) => other === first) ? first : null;
  }

  protected readonly pitch = computed(() => this.common((note) => note.pitch));
  protected readonly velocity = computed(() => this.common((note) => note.velocity));
  protected readonly track = computed(() => this.common((note) => note.track));
  protected readonly pitches = Array.from({ length: 128 }, (_, index) => 127 - index);

  protected nameOf(pitch: number): string {
    return pitchName(pitch, this.state.score().keys[0]?.key);
  }

  protected trackName(name: string): string {
    return trackLabel(name, this.language.code());
  }

  protected beat(): number {
    return round(this.position().beat);
  }

  protected set(change: Partial<Note>): void {
    this.apply((score, selection) => changeNotes(score, selection, () => change));
  }

  protected setQuarters(quarters: number): void {
    if (quarters > 0) this.set({ duration: quarters * this.state.present.ticksPerQuarter });
  }

  /** Move the selection so that its first note begins at this bar and beat. */
  protected moveTo(bar: number, beat: number): void {
    const note = this.first();
    if (!note || !(bar >= 1) || !(beat >= 1)) return;
    this.state.move(this.state.bars().tick(bar, beat) - note.onset, 0);
  }

  protected transpose(semitones: number): void {
    this.apply((score, selection) => transposeNotes(score, selection, semitones));
  }

  protected quantise(): void {
    this.apply((score, selection) => quantiseNotes(score, selection, this.state.step(), this.strength() / 100));
  }

  protected humanise(): void {
    this.apply((score, selection) => humaniseNotes(score, selection, this.amount() / 100));
  }

  private apply(edit: (score: Score, selection: ReadonlySet<number>) => Score): void {
    this.state.commit(edit(this.state.present, this.state.selection()));
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
