import { computed, inject } from '@angular/core';
import { Format } from '../core/text/format';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { pitchName } from './model/keys';
import { Note } from './model/score';
import { trackLabel } from './track-label';

/** Describes the selection in words, for screen readers. Needs an injection context. */
export class SelectionText {
  private readonly t = injectTexts(editorTexts);
  private readonly format = inject(Format);
  private readonly language = inject(Language);

  constructor(private readonly state: EditorState) {}

  readonly text = computed(() => {
    const notes = this.state.selectedNotes();
    const [first, second] = notes;
    if (!first) return this.t('nothingSelected', { n: this.state.score().notes.length });
    if (!second) return this.t('noteSelected', this.valuesOf(first));
    const pitches = notes.map((note) => note.pitch);
    const [low, high] = [Math.min(...pitches), Math.max(...pitches)];
    const last = notes.at(-1) as Note;
    return this.t('notesSelected', {
      n: notes.length,
      low: this.pitch(low),
      high: this.pitch(high),
      first: this.state.bars().at(first.onset).number,
      last: this.state.bars().at(last.onset).number,
    });
  });

  private valuesOf(note: Note): Record<string, string | number> {
    const { bar, beat } = this.state.bars().position(note.onset);
    const quarters = note.duration / this.state.score().ticksPerQuarter;
    return {
      pitch: this.pitch(note.pitch),
      bar,
      beat: this.format.number(beat, 2),
      length: this.format.number(quarters, 2),
      velocity: note.velocity,
      track: trackLabel(this.state.score().tracks[note.track]?.name ?? '', this.language.code()),
    };
  }

  private pitch(pitch: number): string {
    return pitchName(pitch, this.state.score().keys[0]?.key);
  }
}
