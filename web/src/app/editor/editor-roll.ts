import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  ElementRef,
  afterNextRender,
  computed,
  effect,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Playback } from '../core/player/player';
import { Theme } from '../core/theme/theme';
import { injectTexts } from '../core/text/texts';
import { EditorState } from './editor-state';
import { editorTexts } from './editor-texts';
import { handleKey } from './keyboard';
import { RollPointer, Marquee } from './roll-pointer';
import { RollPalette, paintOverlay, paintRoll } from './roll-renderer';
import { KEYS_WIDTH, RollView, Size, TOP, limited, zoomed, zoomedRows } from './roll-view';
import { endOf } from './model/score';
import { SelectionText } from './selection-text';
import { trackColours } from './track-colours';

/** The piano roll that is edited: by mouse, touch and keyboard. Only what is visible is painted. */
@Component({
  selector: 'e-editor-roll',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div
      #surface
      class="surface"
      role="application"
      tabindex="0"
      [attr.aria-label]="t('roll')"
      aria-describedby="roll-selection"
      (keydown)="key($event)"
      (pointerdown)="pointer.down($event)"
      (pointermove)="pointer.move($event)"
      (pointerup)="pointer.up($event)"
      (pointercancel)="pointer.cancel($event)"
      (dblclick)="pointer.doubleClick($event)"
    >
      <canvas #notesCanvas aria-hidden="true"></canvas>
      <canvas #overlayCanvas aria-hidden="true"></canvas>
    </div>
    <input
      class="scroll"
      type="range"
      min="0"
      step="1"
      [max]="end()"
      [value]="view().tick"
      [attr.aria-label]="t('scroll')"
      [attr.aria-valuetext]="t('barNumber', { n: firstBar() })"
      (input)="show({ tick: $any($event.target).valueAsNumber })"
    />
    <p id="roll-selection" class="visually-hidden" aria-live="polite">{{ description.text() }}</p>
  `,
  styleUrl: './editor-roll.scss',
})
export class EditorRoll {
  readonly playback = input<Playback | null>(null);
  protected readonly t = injectTexts(editorTexts);
  protected readonly state = inject(EditorState);
  protected readonly description = new SelectionText(this.state);
  private readonly theme = inject(Theme);
  private readonly surface = viewChild.required<ElementRef<HTMLElement>>('surface');
  private readonly notesCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('notesCanvas');
  private readonly overlayCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('overlayCanvas');

  readonly view = signal<RollView>({ tick: 0, pixelsPerTick: 0.1, top: 84, rowHeight: 12 });
  protected readonly size = signal<Size>({ width: 0, height: 0 });
  readonly marquee = signal<Marquee | null>(null);
  protected readonly end = computed(() => endOf(this.state.score()));
  protected readonly firstBar = computed(() => this.state.bars().at(this.view().tick).number);
  protected readonly pointer = new RollPointer(this.state, this);
  private readonly palette = computed(() => this.readPalette(this.theme.isDark()));
  private animationRequest = 0;
  private isStale = true;
  /** Frames that were painted; for measurements. */
  painted = 0;

  constructor() {
    afterNextRender(() => this.observe());
    effect(() => {
      // Whatever of these changes, the notes are painted again.
      this.state.index();
      this.state.selection();
      this.state.hiddenTracks();
      this.state.lockedTracks();
      this.state.barRange();
      this.state.cursor();
      this.state.chords();
      this.state.bars();
      this.view();
      this.size();
      this.marquee();
      this.theme.isDark();
      this.playback()?.isPlaying();
      this.playback()?.position();
      untracked(() => this.refresh());
    });
    inject(DestroyRef).onDestroy(() => cancelAnimationFrame(this.animationRequest));
  }

  /** Show another part of the music. */
  show(change: Partial<RollView>): void {
    const size = this.size();
    if (size.width) this.view.update((view) => limited({ ...view, ...change }, size, this.end()));
  }

  zoom(factor: number): void {
    this.show(zoomed(this.view(), factor, KEYS_WIDTH + (this.size().width - KEYS_WIDTH) / 2));
  }

  zoomRows(factor: number): void {
    this.show(zoomedRows(this.view(), factor, TOP + (this.size().height - TOP) / 2));
  }

  /** Show all notes. */
  fit(): void {
    const { width, height } = this.size();
    const notes = this.state.score().notes;
    if (!width || !notes.length) return;
    const pitches = notes.map((note) => note.pitch);
    const [low, high] = [pitches.reduce((a, b) => Math.min(a, b)), pitches.reduce((a, b) => Math.max(a, b))];
    const rows = high - low + 5;
    const rowHeight = (height - TOP) / rows;
    const pixelsPerTick = (width - KEYS_WIDTH - 8) / this.end();
    this.show({ tick: 0, pixelsPerTick, rowHeight, top: high + 2 });
  }

  /** Show some bars and the middle of the notes, as far as they do not fit. */
  reset(): void {
    const { width, height } = this.size();
    if (!width) return;
    const notes = this.state.score().notes;
    const sum = notes.reduce((total, note) => total + note.pitch, 0);
    const middle = notes.length ? sum / notes.length : 60;
    const bars = width < 600 ? 2 : 6;
    const pixelsPerTick = (width - KEYS_WIDTH) / (this.state.bars().numbered(1).length * bars);
    const rowHeight = 12;
    this.show({ tick: 0, pixelsPerTick, rowHeight, top: middle + (height - TOP) / rowHeight / 2 });
  }

  /** Scroll so that the selection is visible. */
  reveal(): void {
    const note = this.state.selectedNotes()[0];
    if (!note) return;
    const { width, height } = this.size();
    const view = this.view();
    const visible = (width - KEYS_WIDTH) / view.pixelsPerTick;
    const rows = (height - TOP) / view.rowHeight;
    const change: { tick?: number; top?: number } = {};
    if (note.onset < view.tick || note.onset > view.tick + visible * 0.9) change.tick = note.onset - visible * 0.2;
    if (note.pitch > view.top - 1 || note.pitch < view.top - rows + 2) change.top = note.pitch + rows / 2;
    if ('tick' in change || 'top' in change) this.show(change);
  }

  focus(): void {
    this.surface().nativeElement.focus();
  }

  protected key(event: KeyboardEvent): void {
    if (!handleKey(event, this.state, this)) return;
    event.preventDefault();
    this.reveal();
  }

  private observe(): void {
    const element = this.surface().nativeElement;
    new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = element;
      const ratio = Math.min(2, devicePixelRatio || 1);
      for (const canvas of [this.notesCanvas().nativeElement, this.overlayCanvas().nativeElement]) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
      }
      const isFirst = !this.size().width;
      this.size.set({ width, height });
      if (isFirst) this.reset();
      else this.show({});
    }).observe(element);
    element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const box = this.surface().nativeElement.getBoundingClientRect();
    const view = this.view();
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-event.deltaY * 0.002);
      const next = event.shiftKey
        ? zoomedRows(view, factor, event.clientY - box.top)
        : zoomed(view, factor, event.clientX - box.left);
      this.show(next);
      return;
    }
    const horizontal = event.shiftKey ? event.deltaY : event.deltaX;
    const vertical = event.shiftKey ? 0 : event.deltaY;
    this.show({ tick: view.tick + horizontal / view.pixelsPerTick, top: view.top - vertical / view.rowHeight });
  }

  private refresh(): void {
    this.isStale = true;
    if (!this.animationRequest) this.animationRequest = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.animationRequest = 0;
    const context = this.notesCanvas().nativeElement.getContext('2d');
    const overlay = this.overlayCanvas().nativeElement.getContext('2d');
    const size = this.size();
    if (!context || !overlay || !size.width) return;
    const { state } = this;
    if (this.isStale) {
      const content = {
        index: state.index(),
        bars: state.bars(),
        chords: state.chords(),
        selection: state.selection(),
        hidden: state.hiddenTracks(),
        locked: state.lockedTracks(),
        range: state.barRange(),
        cursor: state.cursor(),
      };
      paintRoll(context, size, this.view(), content, this.palette());
      this.painted++;
    }
    this.isStale = false;
    const playback = this.playback();
    const isCurrent = playback?.isCurrent() ?? false;
    const tick = playback && isCurrent ? state.tempoMap().tick(playback.exactPosition()) : null;
    paintOverlay(overlay, size, this.view(), tick, this.marquee(), this.palette());
    if (playback?.isPlaying()) this.animationRequest = requestAnimationFrame(() => this.paint());
  }

  private readPalette(isDark: boolean): RollPalette {
    const style = getComputedStyle(this.surface().nativeElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const mixed = (track: string, percent: number) => `color-mix(in oklab, ${track} ${percent}%, ${colour('roll')})`;
    return {
      background: colour('roll'),
      black: colour('roll-black'),
      line: colour('roll-line'),
      strongLine: colour('line-strong'),
      text: colour('text'),
      muted: colour('muted'),
      accent: colour('accent'),
      accentSoft: colour('accent-soft'),
      playhead: colour('amber'),
      tracks: trackColours(isDark).map((track) => [mixed(track, 70), mixed(track, 85), track]),
    };
  }
}
