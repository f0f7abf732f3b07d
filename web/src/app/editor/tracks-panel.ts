import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { SPANISH_INSTRUMENTS } from '../core/text/spanish-instruments';
import { Language } from '../core/text/language';
import { injectTexts } from '../core/text/texts';
import { Theme } from '../core/theme/theme';
import { Icon } from '../shared/icon';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { addTrack, changeTrack, removeTrack } from './model/edits';
import { trackLabel } from './track-label';
import { trackColours } from './track-colours';

/** The value of the choice of a drum kit; programs are 0 to 127. */
const DRUMS = 128;
const ENGLISH = Object.keys(SPANISH_INSTRUMENTS).slice(0, DRUMS);
const SPANISH = Object.values(SPANISH_INSTRUMENTS).slice(0, DRUMS);

/** The tracks of the piece: instrument, name, visibility, lock, and which one is drawn on. */
@Component({
  selector: 'e-tracks-panel',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <section class="panel" aria-labelledby="tracks-heading">
      <h2 id="tracks-heading">{{ t('tracks') }}</h2>
      <ul class="list long">
        @for (track of state.score().tracks; track $index) {
          <li class="entry">
            <label class="check">
              <input
                type="radio"
                name="active-track"
                [checked]="state.activeTrack() === $index"
                [attr.aria-label]="t('drawOn', { name: label(track.name) })"
                (change)="state.activeTrack.set($index)"
              />
              <span class="swatch" [style.background]="colour($index)" aria-hidden="true"></span>
            </label>
            <input
              class="input grow"
              maxlength="200"
              [attr.aria-label]="t('trackName', { n: $index + 1 })"
              [value]="label(track.name)"
              (change)="change($index, { name: $any($event.target).value })"
            />
            <select
              class="input grow"
              [attr.aria-label]="t('instrumentOf', { name: label(track.name) })"
              (change)="setInstrument($index, +$any($event.target).value)"
            >
              @for (name of instruments(); track $index; let program = $index) {
                <option [value]="program" [selected]="program === (track.isDrum ? drums : track.program)">
                  {{ name }}
                </option>
              }
            </select>
            <label class="check">
              <input
                type="checkbox"
                [checked]="state.hiddenTracks().has($index)"
                [attr.aria-label]="t('hide', { name: label(track.name) })"
                (change)="state.toggleHidden($index)"
              /><span aria-hidden="true">{{ word('hide') }}</span>
            </label>
            <label class="check">
              <input
                type="checkbox"
                [checked]="state.lockedTracks().has($index)"
                [attr.aria-label]="t('lock', { name: label(track.name) })"
                (change)="state.toggleLocked($index)"
              /><span aria-hidden="true">{{ word('lock') }}</span>
            </label>
            <button
              type="button"
              class="icon-button"
              [disabled]="state.score().tracks.length < 2 || state.lockedTracks().has($index)"
              [attr.aria-label]="t('removeTrack', { name: label(track.name) })"
              (click)="remove($index)"
            >
              <e-icon name="trash" />
            </button>
          </li>
        }
      </ul>
      <div class="command">
        <select class="input grow" [attr.aria-label]="t('newTrack')" (change)="added.set(+$any($event.target).value)">
          @for (name of instruments(); track $index) {
            <option [value]="$index" [selected]="$index === added()">{{ name }}</option>
          }
        </select>
        <button type="button" class="button small" (click)="add()"><e-icon name="plus" />{{ t('addTrack') }}</button>
      </div>
    </section>
  `,
  styleUrl: './editor-panel.scss',
})
export class TracksPanel {
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  private readonly language = inject(Language);
  private readonly theme = inject(Theme);
  protected readonly drums = DRUMS;
  protected readonly added = signal(0);
  protected readonly instruments = computed(() => {
    const names = this.language.code() === 'es' ? SPANISH : ENGLISH;
    return [...names.map(capitalised), this.t('drums')];
  });

  protected colour(track: number): string {
    const colours = trackColours(this.theme.isDark());
    return colours[track % colours.length] as string;
  }

  protected label(name: string): string {
    return trackLabel(name, this.language.code());
  }

  /** The verb of a label such as `Hide {name}`. */
  protected word(key: 'hide' | 'lock'): string {
    return this.t(key, { name: '' }).trim();
  }

  protected change(index: number, change: { name: string }): void {
    this.state.commit(changeTrack(this.state.present, index, { name: change.name.trim() }));
  }

  protected setInstrument(index: number, program: number): void {
    const own = this.state.present.tracks[index];
    const isDrum = program === DRUMS;
    // A name that is the instrument's changes with it.
    const name =
      own && own.name.toLowerCase() === this.englishName(own)?.toLowerCase() ? this.newName(program) : own?.name;
    this.state.commit(
      changeTrack(this.state.present, index, { program: isDrum ? 0 : program, isDrum, name: name ?? '' }),
    );
  }

  protected add(): void {
    const program = this.added();
    const isDrum = program === DRUMS;
    const track = { program: isDrum ? 0 : program, isDrum, name: this.newName(program) };
    this.state.commit(addTrack(this.state.present, track));
    this.state.activeTrack.set(this.state.present.tracks.length - 1);
  }

  protected remove(index: number): void {
    this.state.commit(removeTrack(this.state.present, index), new Set());
    this.state.activeTrack.set(0);
    this.state.hiddenTracks.set(new Set());
    this.state.lockedTracks.set(new Set());
  }

  private newName(program: number): string {
    return program === DRUMS ? this.t('drums') : capitalised(ENGLISH[program] as string);
  }

  private englishName({ program, isDrum }: { program: number; isDrum: boolean }): string | undefined {
    return isDrum ? this.t('drums') : ENGLISH[program];
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
