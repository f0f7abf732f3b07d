import { ChangeDetectionStrategy, Component, computed, input, model, signal } from '@angular/core';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { chordTexts } from './chord-texts';
import { OPEN, QUALITIES, Quality, ROOTS, chordParts, progressionText, readProgression } from './model/progression';

/** Bars with their chords: clicking on a bar shows its chords, which are chosen by root and quality. */
@Component({
  selector: 'e-chord-chooser',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './chord-chooser.html',
  styleUrls: ['./editor-panel.scss', './chord-chooser.scss'],
})
export class ChordChooser {
  /** The progression as text. */
  readonly text = model.required<string>();
  /** The number of the bar in which it begins. */
  readonly firstBar = input(1);
  protected readonly t = injectTexts(chordTexts);
  protected readonly roots = ROOTS;
  protected readonly qualities = QUALITIES;
  protected readonly open = OPEN;
  protected readonly bars = computed(() => readProgression(this.text()).bars);
  private readonly selected = signal<number | null>(null);
  /** The index of the selected bar; null if it is not there any more. */
  protected readonly index = computed(() => {
    const index = this.selected();
    return index !== null && index < this.bars().length ? index : null;
  });
  protected readonly chords = computed(() => (this.bars()[this.index() ?? -1] ?? []).map(chordParts));

  protected select(index: number): void {
    this.selected.update((selected) => (selected === index ? null : index));
  }

  protected addBar(): void {
    this.set([...this.bars(), ['C']]);
    this.selected.set(this.bars().length - 1);
  }

  protected removeBar(index: number): void {
    this.set(this.bars().filter((_, place) => place !== index));
    this.selected.set(null);
  }

  protected addChord(): void {
    this.change((chords) => [...chords, chords[0] ?? 'C']);
  }

  protected removeChord(): void {
    this.change((chords) => chords.slice(0, 1));
  }

  /** Set one of the chords of the selected bar. */
  protected choose(place: number, root: string, quality: Quality): void {
    const chord = root === OPEN ? OPEN : root + quality;
    this.change((chords) => chords.map((each, at) => (at === place ? chord : each)));
  }

  private change(edit: (chords: readonly string[]) => readonly string[]): void {
    const index = this.index();
    this.set(this.bars().map((chords, place) => (place === index ? edit(chords) : chords)));
  }

  private set(bars: readonly (readonly string[])[]): void {
    this.text.set(progressionText(bars));
  }
}
