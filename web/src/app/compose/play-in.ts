import { ChangeDetectionStrategy, Component, DestroyRef, inject, output, signal } from '@angular/core';
import { Player } from '../core/player/player';
import { injectTexts } from '../core/text/texts';
import { PlayedNote, writeMidi } from '../shared/midi/write-midi';
import { playInTexts } from './play-in-texts';

/** Keys of the computer by their place, so that all layouts work; from middle C on. */
const COMPUTER_KEYS = [
  'KeyA',
  'KeyW',
  'KeyS',
  'KeyE',
  'KeyD',
  'KeyF',
  'KeyT',
  'KeyG',
  'KeyY',
  'KeyH',
  'KeyU',
  'KeyJ',
  'KeyK',
];
const MIDDLE_C = 60;
const BLACK = new Set([1, 3, 6, 8, 10]);
const VELOCITY = 90;

/** Records a beginning that the user plays on the computer's keys, the screen or a MIDI keyboard. */
@Component({
  selector: 'e-play-in',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div
      class="keys"
      role="application"
      tabindex="0"
      [attr.aria-label]="t('area')"
      (keydown)="onKey($event, true)"
      (keyup)="onKey($event, false)"
    >
      @for (key of keys; track key.pitch) {
        <span
          class="key"
          [class.black]="key.isBlack"
          [class.down]="held().has(key.pitch)"
          (pointerdown)="press(key.pitch, velocity)"
          (pointerup)="release(key.pitch)"
          (pointerleave)="release(key.pitch)"
        ></span>
      }
    </div>
    <p class="muted">{{ t('hint') }}</p>
    <p class="muted" role="status">{{ device() }} · {{ t('notes', { n: count() }) }}</p>
    <div class="field">
      <label for="play-in-tempo">{{ t('tempo') }}</label>
      <input id="play-in-tempo" #tempo class="input" type="number" min="40" max="240" value="100" />
    </div>
    <div class="row">
      <button type="button" class="button small primary" [disabled]="!count()" (click)="use(tempo.valueAsNumber)">
        {{ t('use') }}
      </button>
      <button type="button" class="button small" [disabled]="!count()" (click)="clear()">{{ t('clear') }}</button>
      <button type="button" class="button small quiet" (click)="cancelled.emit()">{{ t('cancel') }}</button>
    </div>
  `,
  styles: `
    :host {
      display: grid;
      gap: 0.6rem;
      width: 100%;
    }

    .keys {
      display: flex;
      height: 84px;
      touch-action: none;
      user-select: none;
    }

    .key {
      flex: 1;
      border: 1px solid var(--line-strong);
      border-radius: 0 0 6px 6px;
      background: #fff;

      &.black {
        flex: 0.7;
        height: 60%;
        background: #1f1a2e;
      }

      &.down {
        background: var(--accent);
      }
    }

    p {
      font-size: 0.875rem;
    }
  `,
})
export class PlayIn {
  readonly recorded = output<{ title: string; midi: Uint8Array<ArrayBuffer> }>();
  readonly cancelled = output();
  protected readonly t = injectTexts(playInTexts);
  protected readonly velocity = VELOCITY;
  protected readonly keys = COMPUTER_KEYS.map((_, index) => ({
    pitch: MIDDLE_C + index,
    isBlack: BLACK.has(index % 12),
  }));
  protected readonly held = signal<ReadonlyMap<number, { onset: number; velocity: number }>>(new Map());
  protected readonly count = signal(0);
  protected readonly device = signal('');
  private readonly player = inject(Player);
  private notes: PlayedNote[] = [];
  private access: MIDIAccess | null = null;

  constructor() {
    void this.player.prepare([{ program: 0, isDrum: false }]);
    void this.connect();
    inject(DestroyRef).onDestroy(() => {
      for (const input of this.access?.inputs.values() ?? []) input.onmidimessage = null;
      for (const pitch of this.held().keys()) this.player.releaseKey(pitch);
    });
  }

  protected onKey(event: KeyboardEvent, isDown: boolean): void {
    const index = COMPUTER_KEYS.indexOf(event.code);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (isDown) this.press(MIDDLE_C + index, VELOCITY);
    else this.release(MIDDLE_C + index);
  }

  protected press(pitch: number, velocity: number): void {
    this.release(pitch);
    this.held.update((held) => new Map(held).set(pitch, { onset: performance.now() / 1000, velocity }));
    this.player.pressKey(pitch, velocity);
  }

  protected release(pitch: number): void {
    const note = this.held().get(pitch);
    if (!note) return;
    this.player.releaseKey(pitch);
    this.held.update((held) => new Map([...held].filter(([other]) => other !== pitch)));
    this.notes.push({ ...note, pitch, duration: performance.now() / 1000 - note.onset });
    this.count.set(this.notes.length);
  }

  protected clear(): void {
    this.notes = [];
    this.count.set(0);
  }

  protected use(bpm: number): void {
    const tempo = Number.isFinite(bpm) ? Math.min(240, Math.max(40, bpm)) : 100;
    this.recorded.emit({ title: this.t('title'), midi: writeMidi(this.notes, tempo) });
  }

  /** Listen to MIDI keyboards; without them, the computer's keys remain. */
  private async connect(): Promise<void> {
    if (!('requestMIDIAccess' in navigator)) return this.device.set(this.t('noMidi'));
    try {
      this.access = await navigator.requestMIDIAccess();
      this.access.onstatechange = () => this.listen();
      this.listen();
    } catch {
      this.device.set(this.t('notConnected'));
    }
  }

  private listen(): void {
    const inputs = [...(this.access?.inputs.values() ?? [])];
    for (const input of inputs) input.onmidimessage = (event) => this.onMidi(event.data ?? new Uint8Array());
    const name = inputs[0]?.name;
    this.device.set(name ? this.t('connected', { name }) : this.t('notConnected'));
  }

  private onMidi(data: Uint8Array): void {
    const [status = 0, pitch = 0, velocity = 0] = data;
    if ((status & 0xf0) === 0x90 && velocity > 0) this.press(pitch, velocity);
    else if ((status & 0xe0) === 0x80) this.release(pitch);
  }
}
