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
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { Playback } from '../../core/player/player';
import { Format } from '../../core/text/format';
import { Theme } from '../../core/theme/theme';
import { injectTexts, texts } from '../../core/text/texts';
import { Icon } from '../icon';
import { RollNote, endOf } from '../midi/notes';
import { Viewport, Palette, moveTowards, viewportOf, paintRoll, paintSounding, createScale } from './renderer';

const rollTexts = texts(
  {
    roll: 'Piano roll, one note, {length}|Piano roll, {n} notes, {length}',
    empty: 'Piano roll, empty',
    seek: 'Position in the piece',
  },
  {
    roll: 'Pianola, una nota, {length}|Pianola, {n} notas, {length}',
    empty: 'Pianola, vacía',
    seek: 'Posición en la pieza',
  },
);

/** A place in the piece with a comment. */
export interface RollPin {
  readonly id: string;
  readonly seconds: number;
  readonly label: string;
}

/**
 * The notes of a piece over time. The viewport follows smoothly when notes are added. With `playback`,
 * sounding notes are highlighted, and with `seekable`, a click, a tap or the arrow keys set the position.
 */
@Component({
  selector: 'e-piano-roll',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <canvas #notesCanvas aria-hidden="true"></canvas>
    <canvas #playbackCanvas aria-hidden="true"></canvas>
    @if (canSeek()) {
      <input
        type="range"
        min="0"
        step="0.1"
        [max]="span()"
        [value]="position()"
        [attr.aria-label]="t('seek')"
        [attr.aria-valuetext]="format.duration(position()) + ' / ' + format.duration(span())"
        (input)="playback()?.seek($any($event.target).valueAsNumber)"
        (pointerdown)="seekToPointer($event)"
        (pointermove)="$event.buttons && seekToPointer($event)"
      />
    }
    @for (pin of placedPins(); track pin.id) {
      <button
        type="button"
        class="pin"
        [style.left.px]="pin.left"
        [attr.aria-label]="pin.label"
        [title]="pin.label"
        (click)="pinSelected.emit(pin.id)"
      >
        <e-icon name="comment" [solid]="true" />
      </button>
    }
    <span class="visually-hidden">{{ label() }}</span>
  `,
  styleUrl: './piano-roll.scss',
})
export class PianoRoll {
  readonly notes = input.required<readonly RollNote[]>();
  /** Seconds that the roll spans; default: until the end of the last note. */
  readonly duration = input<number | null>(null);
  /** The playback of the piece, whose sounding notes are highlighted. */
  readonly playback = input<Playback | null>(null);
  readonly seekable = input(true);
  /** Places of comments, shown as buttons above the notes. */
  readonly pins = input<readonly RollPin[]>([]);
  readonly pinSelected = output<string>();

  protected readonly format = inject(Format);
  protected readonly t = injectTexts(rollTexts);
  private readonly theme = inject(Theme);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly notesCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('notesCanvas');
  private readonly playbackCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('playbackCanvas');
  protected readonly span = computed(() => this.duration() ?? endOf(this.notes()));
  protected readonly label = computed(() => {
    const length = this.format.duration(this.span());
    return this.notes().length ? this.t('roll', { n: this.notes().length, length }) : this.t('empty');
  });

  protected readonly position = computed(() => this.playback()?.position() ?? 0);
  protected readonly canSeek = computed(() => this.seekable() && !!this.playback()?.track());

  protected readonly placedPins = computed(() => {
    const { width, height } = this.shownSize();
    if (!width) return [];
    const scale = createScale({ width, height }, viewportOf(this.notes(), this.span()));
    return this.pins().map((pin) => ({ ...pin, left: Math.min(width - 16, scale.x(pin.seconds)) }));
  });

  private readonly shownSize = signal({ width: 0, height: 0 });
  private size = { width: 0, height: 0 };
  private target: Viewport = viewportOf([], 1);
  private viewport: Viewport | null = null;
  private palette: Palette | null = null;
  private isStale = true;
  private animationRequest = 0;
  /** Frames that were painted; for measurements. */
  painted = 0;

  constructor() {
    afterNextRender(() => this.observe());
    effect(() => {
      this.target = viewportOf(this.notes(), this.span());
      this.theme.isDark();
      this.playback()?.isCurrent();
      this.position();
      untracked(() => this.refresh());
    });
    effect(() => {
      this.theme.isDark();
      this.palette = null;
    });
    inject(DestroyRef).onDestroy(() => cancelAnimationFrame(this.animationRequest));
  }

  protected seekToPointer(event: PointerEvent): void {
    const box = this.host.nativeElement.getBoundingClientRect();
    const scale = createScale(this.size, this.viewport ?? this.target);
    const second = Math.max(0, Math.min(this.span(), scale.seconds(event.clientX - box.left)));
    event.preventDefault();
    (event.target as HTMLElement).focus();
    this.playback()?.seek(second);
  }

  private observe(): void {
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.host.nativeElement;
      const ratio = Math.min(2, devicePixelRatio || 1);
      for (const canvas of [this.notesCanvas().nativeElement, this.playbackCanvas().nativeElement]) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
      }
      this.size = { width, height };
      this.shownSize.set(this.size);
      this.refresh();
    });
    observer.observe(this.host.nativeElement);
  }

  private refresh(): void {
    this.isStale = true;
    if (!this.animationRequest) this.animationRequest = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.animationRequest = 0;
    const context = this.notesCanvas().nativeElement.getContext('2d');
    const overlay = this.playbackCanvas().nativeElement.getContext('2d');
    if (!context || !overlay || !this.size.width) return;
    this.palette ??= readPalette(this.host.nativeElement);
    const next = this.viewport ? moveTowards(this.viewport, this.target, 0.18) : this.target;
    const isMoving = next !== this.viewport;
    if (isMoving || this.isStale) paintRoll(context, this.size, next, this.notes(), this.palette);
    this.viewport = next;
    this.isStale = false;
    this.painted++;
    const playback = this.playback();
    const isCurrent = playback?.isCurrent() ?? false;
    if (playback && isCurrent)
      paintSounding(overlay, this.size, next, this.notes(), playback.exactPosition(), this.palette);
    else overlay.clearRect(0, 0, this.size.width, this.size.height);
    if (isMoving || isCurrent) this.animationRequest = requestAnimationFrame(() => this.paint());
  }
}

function readPalette(host: HTMLElement): Palette {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const mix = (percent: number) => `color-mix(in oklab, ${colour('note')} ${percent}%, ${colour('note-soft')})`;
  return {
    background: colour('roll'),
    black: colour('roll-black'),
    line: colour('roll-line'),
    text: colour('muted'),
    shades: [mix(0), mix(35), mix(70), mix(100)],
    sounding: colour('amber'),
  };
}
