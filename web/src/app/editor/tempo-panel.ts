import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { injectTexts } from '../core/text/texts';
import { Icon } from '../shared/icon';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { setMeter, setTempo } from './model/edits';
import { meterOf } from './model/score';

const METERS = ['2/4', '3/4', '4/4', '5/4', '6/4', '2/2', '3/2', '3/8', '6/8', '9/8', '12/8', '5/8', '7/8'];

/** Tempo and meter changes of the piece, by bars. */
@Component({
  selector: 'e-tempo-panel',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="panel" aria-labelledby="tempo-heading">
      <h2 id="tempo-heading">{{ t('tempoAndMeter') }}</h2>
      <ul class="list long">
        @for (change of tempos(); track change.tick) {
          <li class="entry">
            <span class="grow">{{ t('barNumber', { n: change.bar }) }}</span>
            <input
              class="input short"
              type="number"
              min="4"
              max="1000"
              step="any"
              [attr.aria-label]="t('tempoFrom', { n: change.bar })"
              [value]="change.bpm"
              (change)="tempo(change.tick, $any($event.target).valueAsNumber)"
            />
            <span>bpm</span>
            <button
              type="button"
              class="icon-button"
              [disabled]="change.tick === 0"
              [attr.aria-label]="t('removeTempo', { n: change.bar })"
              (click)="state.commit(removed('tempo', change.tick))"
            >
              <e-icon name="trash" />
            </button>
          </li>
        }
        @for (change of meters(); track change.tick) {
          <li class="entry">
            <span class="grow">{{ t('barNumber', { n: change.bar }) }}</span>
            <select
              class="input short"
              [attr.aria-label]="t('meterFrom', { n: change.bar })"
              (change)="meter(change.tick, $any($event.target).value)"
            >
              @for (name of choices(change.name); track name) {
                <option [selected]="name === change.name">{{ name }}</option>
              }
            </select>
            <button
              type="button"
              class="icon-button"
              [disabled]="change.tick === 0"
              [attr.aria-label]="t('removeMeter', { n: change.bar })"
              (click)="state.commit(removed('meter', change.tick))"
            >
              <e-icon name="trash" />
            </button>
          </li>
        }
      </ul>
      <div class="fields">
        <div class="field">
          <label for="change-bar">{{ t('fromBar') }}</label>
          <input
            id="change-bar"
            class="input"
            type="number"
            min="1"
            [value]="bar()"
            (change)="chosenBar.set($any($event.target).valueAsNumber)"
          />
        </div>
        <div class="field">
          <label for="change-tempo">{{ t('tempo') }}</label>
          <input id="change-tempo" #bpm class="input" type="number" min="4" max="1000" step="any" value="120" />
        </div>
        <div class="field">
          <label for="change-meter">{{ t('meter') }}</label>
          <select id="change-meter" #name class="input">
            @for (each of choices('4/4'); track each) {
              <option [selected]="each === '4/4'">{{ each }}</option>
            }
          </select>
        </div>
      </div>
      <div class="row">
        <button type="button" class="button small" (click)="tempo(tick(), bpm.valueAsNumber)">
          {{ t('setTempo') }}
        </button>
        <button type="button" class="button small" (click)="meter(tick(), name.value)">{{ t('setMeter') }}</button>
      </div>
    </section>
  `,
  styleUrl: './editor-panel.scss',
})
export class TempoPanel {
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  protected readonly chosenBar = signal<number | null>(null);
  /** The bar of the next change: the one that was entered, else that of the selection in the ruler. */
  protected readonly bar = computed(() => this.chosenBar() || this.state.barRange()?.first || 1);
  protected readonly tick = computed(() => this.state.bars().numbered(this.bar()).start);
  protected readonly tempos = computed(() =>
    this.state
      .score()
      .tempos.map(({ tick, bpm }) => ({ tick, bar: this.barOf(tick), bpm: Math.round(bpm * 100) / 100 })),
  );
  protected readonly meters = computed(() => {
    const { meters } = this.state.score();
    const all = meters[0]?.tick === 0 ? meters : [{ tick: 0, beats: 4, unit: 4 }, ...meters];
    return all.map(({ tick, beats, unit }) => ({ tick, bar: this.barOf(tick), name: `${beats}/${unit}` }));
  });

  protected choices(own: string): readonly string[] {
    return METERS.includes(own) ? METERS : [own, ...METERS];
  }

  protected tempo(tick: number, bpm: number): void {
    if (bpm > 0) this.state.commit(setTempo(this.state.present, tick, bpm));
  }

  protected meter(tick: number, name: string): void {
    this.state.commit(setMeter(this.state.present, tick, meterOf(name)));
  }

  protected removed(kind: 'tempo' | 'meter', tick: number) {
    return (kind === 'tempo' ? setTempo : setMeter)(this.state.present, tick, null);
  }

  private barOf(tick: number): number {
    return this.state.bars().at(tick).number;
  }
}
