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
  untracked,
  viewChild,
} from '@angular/core';
import { Format } from '../../core/text/format';
import { Theme } from '../../core/theme/theme';
import { injectTexts, texts } from '../../core/text/texts';
import { RollNote, endOf } from '../midi/notes';
import { Frame, Palette, approach, frameOf, paintRoll, paintSounding, placement } from './painter';

const rollTexts = texts(
  {
    roll: 'Piano roll, one note, {length}|Piano roll, {n} notes, {length}',
    empty: 'Piano roll, still empty',
    seek: 'Position in the piece',
  },
  {
    roll: 'Pianola, una nota, {length}|Pianola, {n} notas, {length}',
    empty: 'Pianola, aún vacía',
    seek: 'Posición en la pieza',
  },
);

/**
 * The notes of a piece over time. It may grow while it is watched: the frame then follows smoothly. With `clock`, what
 * sounds is lit; with `seekable`, a click, a tap or the arrow keys choose a moment.
 */
@Component({
  selector: 'e-piano-roll',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <canvas #notesCanvas aria-hidden="true"></canvas>
    <canvas #soundCanvas aria-hidden="true"></canvas>
    @if (seekable()) {
      <input
        type="range"
        min="0"
        step="0.1"
        [max]="span()"
        [value]="position()"
        [attr.aria-label]="t('seek')"
        [attr.aria-valuetext]="format.duration(position()) + ' / ' + format.duration(span())"
        (input)="seek.emit($any($event.target).valueAsNumber)"
        (pointerdown)="point($event)"
        (pointermove)="$event.buttons && point($event)"
      />
    }
    <span class="visually-hidden">{{ label() }}</span>
  `,
  styleUrl: './piano-roll.scss',
})
export class PianoRoll {
  readonly notes = input.required<readonly RollNote[]>();
  /** Seconds that the roll spans; default: to the end of the last note. */
  readonly duration = input<number | null>(null);
  /** The moment that sounds, asked for on every frame; null while nothing does. */
  readonly clock = input<(() => number) | null>(null);
  /** The moment as it is read out; changes a few times a second. */
  readonly position = input(0);
  readonly seekable = input(false);
  readonly seek = output<number>();

  protected readonly format = inject(Format);
  protected readonly t = injectTexts(rollTexts);
  private readonly theme = inject(Theme);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly notesCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('notesCanvas');
  private readonly soundCanvas = viewChild.required<ElementRef<HTMLCanvasElement>>('soundCanvas');
  protected readonly span = computed(() => this.duration() ?? endOf(this.notes()));
  protected readonly label = computed(() => {
    const length = this.format.duration(this.span());
    return this.notes().length ? this.t('roll', { n: this.notes().length, length }) : this.t('empty');
  });

  private size = { width: 0, height: 0 };
  private wanted: Frame = frameOf([], 1);
  private frame: Frame | null = null;
  private palette: Palette | null = null;
  private stale = true;
  private request = 0;
  /** Frames that were painted; for measurements. */
  painted = 0;

  constructor() {
    afterNextRender(() => this.observe());
    effect(() => {
      this.wanted = frameOf(this.notes(), this.span());
      this.theme.dark();
      this.clock();
      this.position();
      untracked(() => this.refresh());
    });
    effect(() => {
      this.theme.dark();
      this.palette = null;
    });
    inject(DestroyRef).onDestroy(() => cancelAnimationFrame(this.request));
  }

  protected point(event: PointerEvent): void {
    const box = this.host.nativeElement.getBoundingClientRect();
    const place = placement(this.size, this.frame ?? this.wanted);
    const second = Math.max(0, Math.min(this.span(), place.seconds(event.clientX - box.left)));
    event.preventDefault();
    (event.target as HTMLElement).focus();
    this.seek.emit(second);
  }

  private observe(): void {
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = this.host.nativeElement;
      const ratio = Math.min(2, devicePixelRatio || 1);
      for (const canvas of [this.notesCanvas().nativeElement, this.soundCanvas().nativeElement]) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.getContext('2d')?.setTransform(ratio, 0, 0, ratio, 0, 0);
      }
      this.size = { width, height };
      this.refresh();
    });
    observer.observe(this.host.nativeElement);
  }

  private refresh(): void {
    this.stale = true;
    if (!this.request) this.request = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.request = 0;
    const context = this.notesCanvas().nativeElement.getContext('2d');
    const sound = this.soundCanvas().nativeElement.getContext('2d');
    if (!context || !sound || !this.size.width) return;
    this.palette ??= readPalette(this.host.nativeElement);
    const next = this.frame ? approach(this.frame, this.wanted, 0.18) : this.wanted;
    const moving = next !== this.frame;
    if (moving || this.stale) paintRoll(context, this.size, next, this.notes(), this.palette);
    this.frame = next;
    this.stale = false;
    this.painted++;
    const clock = this.clock();
    if (clock) paintSounding(sound, this.size, next, this.notes(), clock(), this.palette);
    else sound.clearRect(0, 0, this.size.width, this.size.height);
    if (moving || clock) this.request = requestAnimationFrame(() => this.paint());
  }
}

function readPalette(host: HTMLElement): Palette {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const mix = (share: number) => `color-mix(in oklab, ${colour('note')} ${share}%, ${colour('note-soft')})`;
  return {
    background: colour('roll'),
    black: colour('roll-black'),
    line: colour('roll-line'),
    text: colour('muted'),
    shades: [mix(0), mix(35), mix(70), mix(100)],
    sounding: colour('amber'),
  };
}
